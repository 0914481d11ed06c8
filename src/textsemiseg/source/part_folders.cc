#include "textsemiseg/source/part_folders.h"

#include <algorithm>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/source/paired_folders.h"
#include "textsemiseg/source/plain_folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

enum class FolderPart { kTraining, kValidation, kTest };

std::optional<FolderPart> part_called(const std::string& folder) {
  static const std::set<std::string> training = {"train", "training", "tr"}, validation = {"val", "valid", "validation"},
                                     test = {"test", "testing", "ts"};
  const std::string name = to_lower_ascii(folder);
  if (training.contains(name)) return FolderPart::kTraining;
  if (validation.contains(name)) return FolderPart::kValidation;
  if (test.contains(name)) return FolderPart::kTest;
  return std::nullopt;
}

}  // namespace

void list_part_folders(Source& source, const SourceOptions& options) {
  std::vector<std::pair<FolderPart, fs::path>> parts;
  for (const fs::path& path : visible_entries(source.folder)) {
    const auto part = fs::is_directory(path) ? part_called(path.filename().string()) : std::nullopt;
    if (part && !image_folders_of(path).empty()) parts.emplace_back(*part, path);
  }
  if (std::none_of(parts.begin(), parts.end(), [](const auto& one) { return one.first == FolderPart::kTraining; })) return;
  std::optional<std::vector<std::string>> channels;
  for (const auto& [part, folder] : parts) {
    Source one;
    one.folder = folder;
    one.channel_names = source.channel_names;
    list_plain(one, options);
    if (one.cases.empty()) list_paired_folders(one, options);
    if (one.cases.empty()) continue;
    if (channels && *channels != one.channel_names)
      throw InputError(folder.string(), "has the channels " + join(one.channel_names, ", "),
                       join(*channels, ", ") + ", as " + parts.front().second.string());
    channels = one.channel_names;
    for (SourceCase& item : one.cases) {
      item.test = part == FolderPart::kTest;
      item.validation = part == FolderPart::kValidation;
      source.cases.push_back(std::move(item));
    }
    source.unused_labels.insert(source.unused_labels.end(), one.unused_labels.begin(), one.unused_labels.end());
  }
  if (channels) source.channel_names = *channels;
  source.layout = "a folder per part";
}

}  // namespace tss
