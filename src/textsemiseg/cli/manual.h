// Manual pages (man 1) of the program and of each verb.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/cli/command_facts.h"

namespace tss {

// File names and texts: textsemiseg.1, textsemiseg-predict.1, ...
std::vector<std::pair<std::string, std::string>> manual_pages(const CommandFacts& program);

// Text as man(7) takes it: backslashes, hyphens, leading points and what is not ASCII.
std::string roff_text(const std::string& text);

}  // namespace tss
