// Small text helpers.
#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace tss {

// Joins the printed forms of its arguments: concat("found ", 3, " of ", 5).
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Joins the printed forms of the items with a separator between them.
template <class Range>
std::string join(const Range& items, std::string_view separator) {
  std::ostringstream out;
  bool first = true;
  for (const auto& item : items) {
    if (!first) out << separator;
    out << item;
    first = false;
  }
  return out.str();
}

// value with a fixed number of digits after the point, independent of the locale.
std::string fixed(double value, int digits);

std::vector<std::string> split(std::string_view text, char separator);
std::string trim(std::string_view text);
// "liver, left atrium" -> {"liver", "left atrium"}: what stands between commas, trimmed; an empty text is no part at all.
std::vector<std::string> comma_list(std::string_view text);
std::string to_lower_ascii(std::string_view text);
bool starts_with(std::string_view text, std::string_view prefix);
bool ends_with(std::string_view text, std::string_view suffix);

// Whole-string parses; throw InputError(subject, ...) when the text is not exactly one number.
long parse_integer(const std::string& subject, const std::string& text);
double parse_number(const std::string& subject, const std::string& text);

// The known word nearest to a mistyped one by edit distance; empty when none is near (more than a third of the letters differ).
std::string nearest_word(std::string_view word, const std::vector<std::string>& known);

// " (did you mean 'x'?)" or ""; for error messages.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace tss
