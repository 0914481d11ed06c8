#include "textsemiseg/io/nrrd_header.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "textsemiseg/archive/inflate.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// "slice%03d.raw": files of that folder with a number in that place.
std::vector<fs::path> files_of_pattern(const fs::path& pattern) {
  std::vector<fs::path> files;
  const std::string name = pattern.filename().string();
  const size_t from = name.find('%'), to = name.find('d', from);
  if (to == std::string::npos) return files;
  const std::string before = name.substr(0, from), after = name.substr(to + 1);
  std::error_code error;
  for (auto it = fs::directory_iterator(pattern.parent_path(), error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    const std::string one = it->path().filename().string();
    if (one.size() <= before.size() + after.size() || !starts_with(one, before) || !ends_with(one, after)) continue;
    const auto number = one.begin() + static_cast<std::ptrdiff_t>(before.size());
    if (std::all_of(number, one.end() - static_cast<std::ptrdiff_t>(after.size()), is_digit)) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

NrrdHeader read_nrrd_header(const fs::path& path) {
  NrrdHeader header;
  std::ifstream in(path, std::ios::binary);
  std::string line;
  if (!std::getline(in, line) || !starts_with(line, "NRRD")) return header;
  const fs::path folder = fs::absolute(path).parent_path();
  bool detached = false, list = false;
  while (std::getline(in, line) && !trim(line).empty()) {
    line = trim(line);
    const std::string field = to_lower_ascii(line);
    header.gzip = header.gzip || field == "encoding: gzip" || field == "encoding: gz";
    if (list) {
      header.data_files.push_back(folder / line);
    } else if (starts_with(field, "data file:") || starts_with(field, "datafile:")) {
      detached = true;
      const std::string value = trim(line.substr(line.find(':') + 1));
      list = value == "LIST" || starts_with(value, "LIST ");
      if (value.find('%') != std::string::npos)
        header.data_files = files_of_pattern(folder / value.substr(0, value.find(' ')));
      else if (!list)
        header.data_files = {folder / value};
    }
  }
  if (detached) return header;
  header.data_files = {path};
  header.data_begin = in ? static_cast<uint64_t>(in.tellg()) : 0;
  return header;
}

void require_sound_nrrd(const fs::path& path) {
  const NrrdHeader header = read_nrrd_header(path);
  // A list of files, or none that is there: ITK's to read or refuse.
  std::error_code ignored;
  if (!header.gzip || header.data_files.size() != 1 || !fs::is_regular_file(header.data_files.front(), ignored)) return;
  inflated_bytes(header.data_files.front(), header.data_begin);
}

}  // namespace tss
