#include "textsemiseg/source/case_folders.h"

#include <algorithm>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

struct CaseFolder {
  std::string id;
  fs::path folder;
  std::map<std::string, fs::path> channels;  // by name
  fs::path label;
};

// "BraTS19_x_flair" in the folder "BraTS19_x" -> "flair".
std::string channel_name(const std::string& stem, const std::string& id) {
  if (!starts_with(stem, id) || stem.size() <= id.size() + 1) return stem;
  const char separator = stem[id.size()];
  return separator == '_' || separator == '-' ? stem.substr(id.size() + 1) : stem;
}

// The files of one case: those in the folder itself, a DICOM series there or below; nullopt where there is neither.
std::optional<CaseFolder> case_in(const fs::path& folder) {
  CaseFolder out{folder.filename().string(), folder, {}, {}};
  for (const fs::path& path : scan_files_of(folder)) {
    const std::string stem = scan_stem(path);
    if (scan_of_label(stem)) {
      if (!out.label.empty())
        throw InputError(path.string(), "is a second label beside " + out.label.filename().string(), "one label per case");
      out.label = path;
    } else if (!out.channels.emplace(channel_name(stem, out.id), path).second) {
      throw InputError(path.string(), "is a second file of one channel", "one file per channel");
    }
  }
  if (out.channels.empty()) {
    // Slices in the folder, or one folder with them (an export's study and series folders).
    std::vector<fs::path> series;
    bool slices = false;
    for (const fs::path& path : visible_entries(folder)) {
      if (fs::is_directory(path)) {
        if (is_scan(path)) series.push_back(path);
      } else {
        slices = slices || is_dicom_slice(path);
      }
    }
    if (slices || series.size() == 1) out.channels.emplace("image", slices ? folder : series.front());
  }
  if (out.channels.empty()) return std::nullopt;
  return out;
}

void collect(const fs::path& folder, int levels, std::vector<CaseFolder>& cases) {
  for (const fs::path& path : visible_entries(folder)) {
    if (!fs::is_directory(path)) continue;
    if (auto found = case_in(path))
      cases.push_back(std::move(*found));
    else if (levels > 1)
      collect(path, levels - 1, cases);
  }
}

std::vector<std::string> names_of(const CaseFolder& item) {
  std::vector<std::string> names;
  for (const auto& [name, path] : item.channels) names.push_back(name);
  return names;
}

}  // namespace

void list_case_folders(Source& source, const std::vector<std::string>& wanted) {
  constexpr int kLevels = 3;
  std::vector<CaseFolder> cases;
  collect(source.folder, kLevels, cases);
  if (cases.empty()) return;
  source.layout = "case folders";
  source.channel_names = wanted.empty() ? names_of(cases.front()) : wanted;
  for (const CaseFolder& item : cases) {
    SourceCase found;
    found.id = item.id;
    found.label = item.label;
    for (const std::string& name : source.channel_names) {
      const auto channel = item.channels.find(name);
      if (channel == item.channels.end())
        throw InputError(item.folder.string(), concat("has no channel '", name, "', only ", join(names_of(item), ", ")),
                         "the same channels in every case");
      found.images.push_back(channel->second);
    }
    if (wanted.empty() && names_of(item) != source.channel_names)
      throw InputError(item.folder.string(), "has the channels " + join(names_of(item), ", "),
                       join(source.channel_names, ", ") + " as in " + cases.front().folder.string());
    if (found.label.empty() && found.images.size() == 1 && Scan::open(found.images.front())->holds_label())
      found.label = found.images.front();
    source.cases.push_back(std::move(found));
  }
}

}  // namespace tss
