#include "textsemiseg/source/paired_folders.h"

#include <algorithm>
#include <map>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/case_folders.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/plain_folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Labels by case: the only file of the case's folder, FOLDER/* of several, or the file of the case's name.
std::map<std::string, fs::path> labels_by_case(const fs::path& folder) {
  std::map<std::string, fs::path> out;
  for (const fs::path& path : visible_entries(folder)) {
    if (!fs::is_directory(path)) continue;
    const auto files = scan_files_of(path);
    if (!files.empty()) out.emplace(path.filename().string(), files.size() == 1 ? files.front() : path / kAllMasks);
  }
  for (const fs::path& file : scan_files_of(folder)) out.emplace(scan_stem(file), file);
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
  if (labels.size() == 1) by_case = labels_by_case(labels.front());
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
