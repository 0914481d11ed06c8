#include "textsemiseg/base/csv.h"

#include <algorithm>
#include <charconv>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

bool is_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status != std::errc::invalid_argument && end == text.data() + text.size() && !text.empty();
}

// A formula for a spreadsheet, or one with apostrophes before it: those need one more, or the reader would take one away.
bool looks_like_formula(std::string_view text) {
  const size_t begin = text.find_first_not_of('\'');
  if (begin == std::string_view::npos || std::string_view("=+-@\t\r\n").find(text[begin]) == std::string_view::npos) return false;
  return begin > 0 || !is_number(text);
}

std::string as_read(std::string cell) {
  if (cell.starts_with('\'') && looks_like_formula(cell)) cell.erase(0, 1);
  return cell;
}

class CsvParser {
 public:
  CsvParser(const std::string& text, const std::string& source) : text_(text), source_(source) {}

  std::vector<std::vector<std::string>> rows() {
    std::vector<std::vector<std::string>> out;
    while (at_ < text_.size()) {
      const int64_t line = line_;
      out.push_back(row());
      if (out.back().size() != out.front().size()) {
        throw InputError(concat(source_, ", line ", line), concat("has ", out.back().size(), " cells"),
                         concat(out.front().size(), ", as the first line"));
      }
    }
    return out;
  }

 private:
  std::vector<std::string> row() {
    std::vector<std::string> cells{cell()};
    while (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      cells.push_back(cell());
    }
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] != '\n')
      throw InputError(concat(source_, ", line ", line_), "has text after a closing quote", "a comma or the end of the line");
    ++at_;
    ++line_;
    return cells;
  }

  std::string cell() {
    if (at_ >= text_.size() || text_[at_] != '"') {
      const size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
      const std::string out = text_.substr(at_, end - at_);
      at_ = end;
      return as_read(out);
    }
    const int64_t line = line_;
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"' && (at_ + 1 >= text_.size() || text_[at_ + 1] != '"')) {
        ++at_;
        return as_read(std::move(out));
      }
      if (text_[at_] == '"') ++at_;
      line_ += text_[at_] == '\n';
      out += text_[at_];
    }
    throw InputError(concat(source_, ", line ", line), "has a quote that never ends", "a closing quote");
  }

  const std::string& text_;
  const std::string& source_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace

std::string csv_cell(const std::string& text) {
  const std::string marked = looks_like_formula(text) ? "'" + text : text;
  if (marked.find_first_of(",\"\r\n") == std::string::npos) return marked;
  std::string out = "\"";
  for (const char c : marked) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string csv_line(const std::vector<std::string>& cells) {
  std::vector<std::string> quoted;
  for (const std::string& cell : cells) quoted.push_back(csv_cell(cell));
  return join(quoted, ",") + "\n";
}

std::vector<std::vector<std::string>> parse_csv(const std::string& text, const std::string& source) {
  return CsvParser(text, source).rows();
}

}  // namespace tss
