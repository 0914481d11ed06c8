// Shell completion of verbs, options and their values, as a script of the shell's own.
#pragma once

#include <string>

#include "textsemiseg/cli/command_facts.h"

namespace tss {

std::string bash_completion(const CommandFacts& program);
std::string zsh_completion(const CommandFacts& program);

}  // namespace tss
