#include "textsemiseg/io/nrrd_header.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "textsemiseg/archive/file_kind.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kLongestLine = 1 << 16, kMostLines = 100000;

// False at the end of the file, and for lines that no header has.
bool next_line(std::istream& in, std::string& line) {
  line.clear();
  int c = in.get();
  for (; c != EOF && c != '\n'; c = in.get()) {
    if (line.size() == kLongestLine) return false;
    line += static_cast<char>(c);
  }
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return c != EOF || !line.empty();
}

std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
  return to_lower_ascii(text);
}

// "slice%03d.raw 1 10 1": the number, in at least as many digits, from the first to the last.
std::vector<fs::path> files_of_pattern(const std::string& name, const fs::path& folder, const std::string& value) {
  std::istringstream in(value);
  std::string pattern;
  long first = 0, last = 0, step = 0;
  const auto refuse = [&] {
    throw InputError(name + ": data file", "found '" + value + "'", "a pattern like slice%03d.raw 1 10 1");
  };
  if (!(in >> pattern >> first >> last >> step) || step == 0) refuse();
  const size_t from = pattern.find('%'), to = pattern.find('d', from);
  if (to == std::string::npos) refuse();
  std::string digits = pattern.substr(from + 1, to - from - 1);
  const char fill = starts_with(digits, "0") ? '0' : ' ';
  if (digits.find_first_not_of("0123456789") != std::string::npos || digits.size() > 3) refuse();
  const size_t width = digits.empty() ? 0 : static_cast<size_t>(parse_integer(name + ": data file", digits));
  constexpr long kMostFiles = 100000;
  if ((last - first) / step < 0 || (last - first) / step >= kMostFiles) refuse();
  std::vector<fs::path> out;
  for (long i = first; step > 0 ? i <= last : i >= last; i += step) {
    std::string number = std::to_string(i);
    if (number.size() < width) number.insert(0, width - number.size(), fill);
    out.push_back(folder / (pattern.substr(0, from) + number + pattern.substr(to + 1)));
  }
  return out;
}

}  // namespace

NrrdHeader read_nrrd_header(const fs::path& path) {
  const std::string name = path.string();
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(name, "cannot be opened", "a readable file");
  std::string line;
  if (!next_line(in, line) || !starts_with(line, "NRRD")) {
    const std::string kind = kind_of_file(path);
    throw InputError(name, kind.empty() ? "has no readable header (truncated, damaged, or another format)" : "is " + kind,
                     "an NRRD header");
  }
  NrrdHeader header;
  const fs::path folder = fs::absolute(path).parent_path();
  bool ended = false;  // by the empty line before the data
  for (size_t n = 0; n < kMostLines && next_line(in, line); ++n) {
    if (trim(line).empty()) {
      ended = true;
      break;
    }
    if (line[0] == '#') continue;
    const size_t key = line.find(":="), colon = line.find(": ");
    if (key != std::string::npos && (colon == std::string::npos || key < colon)) {
      header.keys[line.substr(0, key)] = line.substr(key + 2);
      continue;
    }
    const size_t end = line.find(':');
    if (end == std::string::npos)
      throw InputError(name, "has '" + printable(line.substr(0, 40)) + "' in its header", "a field, as type: short");
    const std::string field = without_blanks(line.substr(0, end));
    header.fields[field] = trim(line.substr(end + 1));
    if (field != "datafile") continue;
    const std::string& value = header.fields[field];
    if (value != "LIST" && !starts_with(value, "LIST ")) continue;
    while (next_line(in, line))  // to the end of the file
      if (!trim(line).empty()) header.data_files.push_back(folder / trim(line));
    return header;
  }
  const auto data = header.fields.find("datafile");
  if (data == header.fields.end()) {
    if (!ended) throw InputError(name, "ends within its header", "an empty line and the voxels behind it");
    header.data_files = {path};
    header.data_begin = static_cast<uint64_t>(in.tellg());
  } else if (data->second.find('%') != std::string::npos) {
    header.data_files = files_of_pattern(name, folder, data->second);
  } else {
    header.data_files = {folder / data->second};
  }
  return header;
}

}  // namespace tss
