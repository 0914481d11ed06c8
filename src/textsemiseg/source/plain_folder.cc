#include "textsemiseg/source/plain_folder.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/name_pairs.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> stems_of(const std::vector<fs::path>& files) {
  std::vector<std::string> stems;
  for (const fs::path& file : files) stems.push_back(scan_stem(file));
  return stems;
}

// Images of a folder of images, and the files between them that are named like labels of others of them.
void take_labels_out(std::vector<fs::path>& images, std::vector<fs::path>& labels) {
  const std::set<std::string> ignored = words_of_all(stems_of(images));
  std::vector<fs::path> named, rest;
  for (const fs::path& file : images)
    (!fs::is_directory(file) && scan_of_label(scan_stem(file), ignored) ? named : rest).push_back(file);
  if (named.empty() || rest.empty()) return;
  const NamePairs pairs = pair_by_name(named_scans(rest, false), named, ignored);
  for (const fs::path& file : named) {
    if (std::find(pairs.alone.begin(), pairs.alone.end(), file) != pairs.alone.end()) continue;
    labels.push_back(file);
    images.erase(std::find(images.begin(), images.end(), file));
  }
}

std::string error_for_lone_label(const std::vector<NamedScan>& scans) {
  return "an image whose name it goes with, as the label x_seg goes with x (the first image is " +
         scans.front().images.front().filename().string() + "), or --label-file to say which files are labels";
}

void add_pairs(Source& source, std::vector<NamedScan> scans, const NamePairs& pairs) {
  for (size_t i = 0; i < scans.size(); ++i) {
    SourceCase item;
    item.id = scans[i].id;
    item.images = scans[i].images;
    if (!pairs.labels[i].empty())
      item.label = one_label(pairs.labels[i], source.folder.string() + ": " + item.id, source.unused_labels);
    else if (item.images.size() == 1 && Scan::open(item.images.front())->holds_label())
      item.label = item.images.front();
    source.cases.push_back(std::move(item));
  }
}

// The folder of images that goes with a folder of labels, where there is one; "" where there is none.
fs::path image_folder_in(const Source& source) {
  for (const fs::path& folder : image_folders_of(source.folder))
    if (!scans_of(folder).empty()) return folder;
  return {};
}

std::vector<fs::path> label_files(Source& source, const SourceOptions& options) {
  std::vector<fs::path> files;
  std::vector<std::string> folders;
  for (const fs::path& folder : label_folders_of(source.folder)) {
    const auto found = labels_in(folder);
    if (found.empty()) continue;
    std::vector<fs::path> taken;
    for (const fs::path& file : found)
      (options.label_file.empty() || fits_pattern(file, source.folder, options.label_file) ? taken : source.unused_labels)
          .push_back(file);
    if (taken.empty()) continue;
    folders.push_back(folder.filename().string());
    files.insert(files.end(), taken.begin(), taken.end());
  }
  if (folders.size() > 1)
    throw InputError(source.folder.string(), "holds several folders of labels: " + join(folders, ", "),
                     "one: --label-file says which, for example --label-file \"" + folders.front() + "/*\"");
  return files;
}

}  // namespace

std::vector<fs::path> label_folders_of(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::path& path : visible_entries(folder)) {
    // "labelsTs" is not for "imagesTr".
    const std::string name = to_lower_ascii(path.filename().string());
    const bool other_part = ends_with(name, "ts") || ends_with(name, "va") || ends_with(name, "val") || ends_with(name, "test");
    if (fs::is_directory(path) && !other_part && !label_words_of(path.filename().string()).empty()) found.push_back(path);
  }
  return found;
}

std::vector<fs::path> image_folders_of(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const fs::path& path : visible_entries(folder)) {
    if (fs::is_directory(path) && is_image_word(path.filename().string())) found.push_back(path);
  }
  return found;
}

std::vector<fs::path> labels_in(const fs::path& folder) {
  std::vector<fs::path> labels = scan_files_of(folder);
  for (const fs::path& path : visible_entries(folder)) {
    if (fs::is_directory(path) && !is_scan(path) && !scan_files_of(path).empty()) labels.push_back(path / "*");
  }
  return labels;
}

void list_plain(Source& source, const SourceOptions& options) {
  const fs::path folder = image_folder_in(source);
  std::vector<fs::path> images = folder.empty() ? scan_files_of(source.folder) : scans_of(folder);
  if (images.empty()) return;
  source.layout = "plain";
  std::vector<fs::path> labels = label_files(source, options);
  std::vector<NamedScan> scans;
  std::set<std::string> ignored;
  const bool apart = !folder.empty() || !labels.empty();  // names of files in folders of labels need no word for it
  if (apart) {
    std::vector<fs::path> between;
    take_labels_out(images, between);
    scans = named_scans(images, are_channels(images, labels, false));
    if (options.label_file.empty() && !labels.empty())
      source.unused_labels.insert(source.unused_labels.end(), between.begin(), between.end());
    else
      for (const fs::path& file : between)
        (options.label_file.empty() || fits_pattern(file, source.folder, options.label_file) ? labels : source.unused_labels)
            .push_back(file);
  } else {
    ignored = words_of_all(stems_of(images));
    std::vector<fs::path> rest;
    for (const fs::path& file : images) {
      switch (kind_by_name(file, scan_stem(file), ignored, source.folder, options.label_file)) {
        case FileKind::kImage:
          rest.push_back(file);
          break;
        case FileKind::kLabel:
          labels.push_back(file);
          break;
        case FileKind::kLeftOut:
          source.unused_labels.push_back(file);
          break;
      }
    }
    if (rest.empty()) std::swap(rest, labels);  // names alone say nothing here
    scans = named_scans(rest, are_channels(rest, labels, false));
  }
  const NamePairs pairs = pair_by_name(scans, labels, ignored);
  if (!pairs.alone.empty())
    throw InputError(pairs.alone.front().string(), "is a label without an image", error_for_lone_label(scans));
  source.unused_labels.insert(source.unused_labels.end(), pairs.second_best.begin(), pairs.second_best.end());
  cut_image_words(scans);
  add_pairs(source, std::move(scans), pairs);
}

}  // namespace tss
