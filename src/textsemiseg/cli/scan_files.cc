#include "textsemiseg/cli/scan_files.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/data/source.h"
#include "textsemiseg/io/image_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// "case_0001" -> ("case", 1); -1 where there is no such ending.
std::pair<std::string, int64_t> split_channel(const std::string& stem) {
  const size_t n = stem.size();
  if (n < 6 || stem[n - 5] != '_') return {stem, -1};
  for (size_t i = n - 4; i < n; ++i) {
    if (!std::isdigit(static_cast<unsigned char>(stem[i]))) return {stem, -1};
  }
  return {stem.substr(0, n - 5), std::stol(stem.substr(n - 4))};
}

std::map<std::string, fs::path> by_stem(const fs::path& folder) {
  std::map<std::string, fs::path> out;
  for (const fs::path& path : scan_files_in(folder)) {
    const auto [place, added] = out.emplace(scan_stem(path), path);
    if (!added) {
      throw InputError(
          folder.string(),
          "two files for '" + place->first + "': " + place->second.filename().string() + " and " + path.filename().string(),
          "one file per case");
    }
  }
  return out;
}

void require_exists(const fs::path& path) {
  if (!fs::exists(path)) throw InputError(path.string(), "does not exist", "a scan or a folder of scans");
}

}  // namespace

bool is_scan_file(const fs::path& path) { return is_scan(path); }

std::vector<fs::path> scan_files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    // Hidden files are what an interrupted copy or another system leaves behind.
    if (entry.is_regular_file() && !starts_with(name, ".") && is_scan_file(entry.path())) out.push_back(entry.path());
  }
  if (out.empty()) {
    throw InputError(folder.string(), "holds no scan", "files ending in " + join(image_extensions(), ", ") + " or .h5");
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<InputScan> find_inputs(const fs::path& input, int64_t channels) {
  require_exists(input);
  if (!fs::is_directory(input)) {
    if (!is_scan_file(input)) {
      throw InputError(input.string(), "is not named like a scan",
                       "a name ending in " + join(image_extensions(), ", ") + " or .h5");
    }
    const auto [base, channel] = split_channel(scan_stem(input));
    if (channels == 1) return {{channel == 0 ? base : scan_stem(input), {input}}};
    throw InputError(input.string(), "is one channel",
                     concat("a folder with ", channels, " files <case>_0000, <case>_0001, ..."));
  }
  const auto files = by_stem(input);
  // The ending means channels only where every file has it: "scan_2019" alone is a name.
  const bool numbered =
      std::all_of(files.begin(), files.end(), [](const auto& f) { return split_channel(f.first).second >= 0; }) &&
      std::any_of(files.begin(), files.end(), [](const auto& f) { return split_channel(f.first).second == 0; });
  std::map<std::string, InputScan> cases;
  for (const auto& [stem, path] : files) {
    const std::string id = numbered ? split_channel(stem).first : stem;
    InputScan& scan = cases[id];
    scan.id = id;
    scan.channels.push_back(path);
  }
  std::vector<InputScan> out;
  for (auto& [id, scan] : cases) {
    if (static_cast<int64_t>(scan.channels.size()) != channels) {
      throw InputError(input.string() + ": " + id, concat("has ", scan.channels.size(), " channel(s)"),
                       concat(channels, ", as in training"));
    }
    out.push_back(std::move(scan));
  }
  return out;
}

std::vector<FilePair> pair_files(const fs::path& reference, const fs::path& prediction) {
  require_exists(reference);
  require_exists(prediction);
  if (fs::is_directory(reference) != fs::is_directory(prediction)) {
    throw InputError(prediction.string(), fs::is_directory(prediction) ? "is a folder" : "is a file",
                     "a " + std::string(fs::is_directory(reference) ? "folder" : "file") + ", like " + reference.string());
  }
  if (!fs::is_directory(reference)) return {{scan_stem(reference), reference, prediction}};
  auto predictions = by_stem(prediction);
  std::vector<FilePair> out;
  for (const auto& [id, path] : by_stem(reference)) {
    const auto found = predictions.find(id);
    if (found == predictions.end()) {
      throw InputError(prediction.string(), "holds no prediction for '" + id + "'", "one for each file of " + reference.string());
    }
    out.push_back({id, path, found->second});
    predictions.erase(found);
  }
  if (!predictions.empty()) {
    log_warning(concat(prediction.string(), ": ", predictions.size(),
                       " prediction(s) without a reference are left out, the first is ",
                       predictions.begin()->second.filename().string()));
  }
  return out;
}

}  // namespace tss
