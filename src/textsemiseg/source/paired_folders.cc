#include "textsemiseg/source/paired_folders.h"

#include <algorithm>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/case_folders.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/name_pairs.h"
#include "textsemiseg/source/plain_folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Labels by case: the only file of the case's folder, FOLDER/* of several, or the file of the case's name. Where a pattern says which
// files are labels, the others are left unused.
std::map<std::string, fs::path> labels_by_case(const fs::path& folder, Source& source, const std::string& pattern) {
  std::map<std::string, fs::path> out;
  const auto labels_of = [&](const fs::path& place) {
    std::vector<fs::path> labels;
    for (const fs::path& file : scan_files_of(place))
      (pattern.empty() || fits_pattern(file, source.folder, pattern) ? labels : source.unused_labels).push_back(file);
    return labels;
  };
  for (const fs::path& path : visible_entries(folder)) {
    if (!fs::is_directory(path)) continue;
    const size_t there = scan_files_of(path).size();
    const auto labels = labels_of(path);
    if (labels.size() > 1 && labels.size() < there)
      throw InputError(path.string(), concat("--label-file fits ", labels.size(), " of its ", there, " files"),
                       "one of them, or all as masks of structures");
    if (!labels.empty()) out.emplace(path.filename().string(), labels.size() == 1 ? labels.front() : path / kAllMasks);
  }
  for (const fs::path& file : labels_of(folder)) {
    if (const auto [other, is_new] = out.emplace(scan_stem(file), file); !is_new)
      throw InputError(file.string(), "is a second label of its case beside " + other->second.string(),
                       "one label per case, or --label-file PATTERN");
  }
  return out;
}

void call_single_images_alike(std::vector<CaseFolder>& cases) {
  const bool single = std::all_of(cases.begin(), cases.end(), [](const CaseFolder& one) { return one.channels.size() == 1; });
  if (!single) return;
  for (CaseFolder& one : cases) one.channels = {{"image", one.channels.begin()->second}};
}

}  // namespace

void list_paired_folders(Source& source, const SourceOptions& options) {
  const std::vector<fs::path> images = image_folders_of(source.folder), labels = label_folders_of(source.folder);
  if (images.size() != 1 || labels.size() > 1) return;
  std::map<std::string, fs::path> by_case;
  if (labels.size() == 1) by_case = labels_by_case(labels.front(), source, options.label_file);
  std::vector<CaseFolder> cases;
  for (const fs::path& folder : visible_entries(images.front())) {
    if (!fs::is_directory(folder)) continue;
    CaseFolder one{folder.filename().string(), folder, {}, {}};
    for (const fs::path& file : scan_files_of(folder)) {
      const std::string name = name_within_case(scan_stem(file), one.id);
      if (!label_words_of(name).empty())
        source.unused_labels.push_back(file);  // the folder of labels has the labels
      else if (!one.channels.emplace(name, file).second)
        throw InputError(file.string(), "is a second file of one channel", "one file per channel");
    }
    if (one.channels.empty()) continue;
    if (const auto label = by_case.find(one.id); label != by_case.end()) {
      one.labels.push_back(label->second);
      by_case.erase(label);
    }
    cases.push_back(std::move(one));
  }
  if (cases.empty()) return;
  if (!by_case.empty())
    throw InputError(by_case.begin()->second.string(), "is a label without an image",
                     "a folder " + (images.front() / by_case.begin()->first).string() + " with its image");
  source.layout = "paired folders";
  call_single_images_alike(cases);
  add_case_folders(source, cases, options);
}

}  // namespace tss
