// A table for a terminal.
#pragma once

#include <string>
#include <vector>

namespace tss {

// Columns two blanks apart, left-aligned by what terminals show (UTF-8); no blanks at the ends of lines.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace tss
