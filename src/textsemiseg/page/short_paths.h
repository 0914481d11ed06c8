// Pages are given to others: no folders of the machine that made them.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/page/page.h"

namespace tss {

// Absolute paths become their last name. known: paths that may stand in the text, for relative ones and those with spaces in them; others are
// found by their form, up to the next space, quote, comma or bracket.
std::string short_paths(std::string text, const std::vector<std::string>& known = {});

// Every word of the page; ids of cases stay.
void shorten_paths(Page& page, const std::vector<std::string>& known);

}  // namespace tss
