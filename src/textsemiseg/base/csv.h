// Comma-separated values, RFC 4180: cells with a comma, a quote or a line break stand in quotes, quotes are doubled. A spreadsheet takes
// a cell that begins with = + - @, a tab or a line break for a formula: one that is no number is written with an apostrophe before it, as
// spreadsheets mark text, and read without it.
#pragma once

#include <string>
#include <vector>

namespace tss {

std::string csv_cell(const std::string& text);
std::string csv_line(const std::vector<std::string>& cells);  // with the line break

// Rows of cells; a last line break makes no row. Throws InputError naming the source and line: a quote that never ends, text after a
// closing quote, a row whose number of cells is not that of the first.
std::vector<std::vector<std::string>> parse_csv(const std::string& text, const std::string& source);

}  // namespace tss
