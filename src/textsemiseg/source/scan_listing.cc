#include "textsemiseg/source/scan_listing.h"

#include <algorithm>
#include <cctype>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"

namespace tss {
namespace fs = std::filesystem;

std::vector<fs::path> visible_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator(); it.increment(error)) {
    if (it->path().filename().string().front() == '.') continue;
    std::error_code circle;
    static_cast<void>(fs::status(it->path(), circle));
    if (circle != std::errc::too_many_symbolic_link_levels) entries.push_back(it->path());  // a link to itself is no entry
  }
  if (error) throw InputError(folder.string(), "cannot be read (" + error.message() + ")", "a readable folder");
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::vector<fs::path> scan_files_of(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> scans;
  if (!fs::is_directory(folder)) return scans;
  for (const fs::path& path : visible_entries(folder)) {
    if (fs::is_directory(path) || !is_scan(path)) continue;
    if (ending.empty() || ends_with(path.filename().string(), ending)) scans.push_back(path);
  }
  return scans;
}

std::vector<fs::path> scans_of(const fs::path& folder) {
  std::vector<fs::path> scans;
  if (!fs::is_directory(folder)) return scans;
  for (const fs::path& path : visible_entries(folder)) {
    if (is_scan(path)) scans.push_back(path);
  }
  return scans;
}

std::map<std::string, fs::path> by_stem(const std::vector<fs::path>& scans) {
  std::map<std::string, fs::path> table;
  for (const fs::path& path : scans) {
    const auto [place, added] = table.emplace(scan_stem(path), path);
    if (!added) {
      throw InputError(path.string(), "has the same case id as " + place->second.filename().string(), "one file per case");
    }
  }
  return table;
}

std::optional<std::pair<std::string, int64_t>> channel_suffix(const std::string& stem) {
  if (stem.size() < 6 || stem[stem.size() - 5] != '_') return std::nullopt;
  int64_t channel = 0;
  for (size_t i = stem.size() - 4; i < stem.size(); ++i) {
    if (!std::isdigit(static_cast<unsigned char>(stem[i]))) return std::nullopt;
    channel = channel * 10 + (stem[i] - '0');
  }
  return std::pair{stem.substr(0, stem.size() - 5), channel};
}

}  // namespace tss
