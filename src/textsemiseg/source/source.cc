#include "textsemiseg/source/source.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/case_folders.h"
#include "textsemiseg/source/dataset_json.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// id -> files of its channels, in order.
std::map<std::string, std::vector<fs::path>> group_channels(const std::vector<fs::path>& files, bool suffixed) {
  std::map<std::string, std::vector<fs::path>> groups;
  for (const auto& [stem, path] : by_stem(files)) {
    const auto suffix = suffixed ? channel_suffix(stem) : std::nullopt;
    if (!suffix) {
      groups[stem].push_back(path);
      continue;
    }
    auto& channels = groups[suffix->first];
    if (suffix->second != static_cast<int64_t>(channels.size())) {
      throw InputError(path.string(), concat("is channel ", suffix->second, " of case '", suffix->first, "'"),
                       concat("channel ", channels.size(), " before it"));
    }
    channels.push_back(path);
  }
  return groups;
}

// A listed image as it stands or, in nnU-Net v1's habit, with channel suffixes that the list leaves out.
std::vector<fs::path> listed_images(const fs::path& folder, const ListedCase& listed, const std::string& json) {
  std::vector<fs::path> images;
  for (const std::string& name : listed.images) {
    const fs::path path = (folder / name).lexically_normal();
    if (fs::exists(path)) {
      images.push_back(path);
      continue;
    }
    const std::string ending = path.filename().string().substr(image_stem(path).size());
    for (int64_t channel = 0; channel < 10000; ++channel) {
      std::string number = std::to_string(channel);
      number.insert(0, 4 - number.size(), '0');
      const fs::path suffixed = path.parent_path() / (image_stem(path) + "_" + number + ending);
      if (!fs::exists(suffixed)) break;
      images.push_back(suffixed);
    }
    if (images.empty()) throw InputError(path.string(), "missing, listed in " + json, "the image file");
  }
  return images;
}

// imagesTr or imagesTs with its labels: the listed cases, and every further image of the folder.
void add_cases(Source& source, const DatasetDescription& description, const std::vector<ListedCase>& listed, bool test) {
  const std::string part = test ? "Ts" : "Tr";
  const std::string json = (source.folder / "dataset.json").string();
  std::map<std::string, SourceCase> cases;
  std::set<fs::path> taken;
  for (const ListedCase& entry : listed) {
    SourceCase item;
    item.images = listed_images(source.folder, entry, json);
    taken.insert(item.images.begin(), item.images.end());
    const auto suffix = channel_suffix(image_stem(item.images.front()));
    const bool suffixed = item.images.size() > 1 || fs::path(entry.images.front()).filename() != item.images.front().filename() ||
                          description.dialect == Dialect::kNnunet;
    item.id = !entry.id.empty() ? entry.id : suffix && suffixed ? suffix->first : image_stem(item.images.front());
    if (!entry.label.empty()) {
      const fs::path label = (source.folder / entry.label).lexically_normal();
      if (fs::exists(label))
        item.label = label;
      else
        ++source.listed_without_label;
    }
    const std::string id = item.id;
    if (!cases.emplace(id, std::move(item)).second) throw InputError(json, "lists case '" + id + "' twice", "every case once");
  }
  std::vector<fs::path> others;
  for (const fs::path& path : scan_files_of(source.folder / ("images" + part), description.file_ending)) {
    if (!taken.contains(path)) others.push_back(path);
  }
  for (auto& [id, images] : group_channels(others, description.dialect == Dialect::kNnunet)) {
    SourceCase item;
    item.id = id;
    item.images = images;
    if (!cases.emplace(id, item).second) {
      throw InputError(images.front().string(), "has the same case id as a case listed in " + json, "one file per case");
    }
  }
  const auto labels = by_stem(scan_files_of(source.folder / ("labels" + part)));
  for (auto& [id, item] : cases) {
    item.test = test;
    if (item.label.empty() && labels.contains(id)) item.label = labels.at(id);
    if (test && item.label.empty()) {
      ++source.test_without_label;
      continue;
    }
    source.cases.push_back(std::move(item));
  }
}

void list_decathlon(Source& source, const DatasetDescription& description) {
  source.layout = description.dialect == Dialect::kMsd ? "MSD" : "nnU-Net";
  add_cases(source, description, description.training, false);
  add_cases(source, description, description.test, true);
  for (const SourceCase& item : source.cases) {
    if (item.images.size() != source.cases.front().images.size()) {
      throw InputError((source.folder / "imagesTr").string(),
                       concat("case '", item.id, "' has ", item.images.size(), " channels, case '", source.cases.front().id,
                              "' has ", source.cases.front().images.size()),
                       "the same number for every case");
    }
  }
}

// "image0057_norm" -> "image0057": the published lists leave the suffix out.
std::string hdf5_id(const std::string& stem) {
  static const std::string kSuffix = "_norm";
  return ends_with(stem, kSuffix) ? stem.substr(0, stem.size() - kSuffix.size()) : stem;
}

void list_hdf5(Source& source) {
  source.layout = "HDF5";
  std::map<std::string, fs::path> files;
  const auto add = [&](const std::string& id, const fs::path& path) {
    const auto [place, added] = files.emplace(id, path);
    if (!added)
      throw InputError(path.string(), "is a second file of case '" + id + "' beside " + place->second.string(),
                       "one file per case");
  };
  for (const fs::path& path : visible_entries(source.folder)) {
    if (fs::is_directory(path)) {
      for (const fs::path& inner : visible_entries(path)) {
        if (is_hdf5_file(inner)) add(path.filename().string(), inner);
      }
    } else if (is_hdf5_file(path)) {
      add(hdf5_id(path.stem().string()), path);
    }
  }
  for (const auto& [id, path] : files) {
    source.cases.push_back({id, {path}, Scan::open(path)->holds_label() ? path : fs::path{}, false});
  }
}

// Labels under the ids of their scans: "y.nii.gz", "y_seg.nii.gz".
std::map<std::string, fs::path> labels_of(const std::vector<fs::path>& files, const std::map<std::string, fs::path>& images) {
  std::map<std::string, fs::path> labels;
  for (const auto& [stem, path] : by_stem(files)) {
    const std::string id = images.contains(stem) ? stem : scan_of_label(stem).value_or(stem);
    if (!labels.emplace(id, path).second)
      throw InputError(path.string(), "is a second label of case '" + id + "'", "one per case");
  }
  return labels;
}

void list_plain(Source& source) {
  source.layout = "plain";
  const fs::path& folder = source.folder;
  std::map<std::string, fs::path> images, labels;
  for (const auto& [image_folder, label_folder] : {std::pair{"imagesTr", "labelsTr"}, std::pair{"images", "labels"}}) {
    if (!fs::is_directory(folder / image_folder)) continue;
    images = by_stem(scans_of(folder / image_folder));
    labels = labels_of(scan_files_of(folder / label_folder), images);
    break;
  }
  if (images.empty()) {
    std::vector<fs::path> label_files;
    for (const auto& [stem, path] : by_stem(scan_files_of(folder))) {
      if (scan_of_label(stem).value_or("").empty())
        images[stem] = path;
      else
        label_files.push_back(path);
    }
    labels = labels_of(label_files, images);
  }
  for (const auto& [id, path] : labels) {
    if (!images.contains(id)) throw InputError(path.string(), "is a label without an image", "an image of case '" + id + "'");
  }
  for (const auto& [id, path] : images) {
    const fs::path label = labels.contains(id) ? labels.at(id) : Scan::open(path)->holds_label() ? path : fs::path{};
    source.cases.push_back({id, {path}, label, false});
  }
}

bool holds_hdf5(const fs::path& folder) {
  for (const fs::path& path : visible_entries(folder)) {
    if (is_hdf5_file(path)) return true;
    if (!fs::is_directory(path)) continue;
    for (const fs::path& inner : visible_entries(path)) {
      if (is_hdf5_file(inner)) return true;
    }
  }
  return false;
}

}  // namespace

void check_case_ids(const std::vector<SourceCase>& cases, const std::string& subject) {
  for (const SourceCase& item : cases) {
    const std::string& id = item.id;
    if (!id.empty() && id != "." && id != ".." && id.find_first_of("/\\") == std::string::npos && !starts_with(id, ".tmp-"))
      continue;
    throw InputError(subject, "case '" + id + "'",
                     "an id that can name a folder: not empty, no / or \\, not . or .., not beginning with .tmp-");
  }
}

const SourceCase* Source::find(const std::string& id) const {
  for (const SourceCase& item : cases) {
    if (item.id == id) return &item;
  }
  return nullptr;
}

Source open_source(const fs::path& folder, const std::vector<std::string>& channels) {
  if (!fs::exists(folder)) throw InputError(folder.string(), "no such folder", "a folder of scans");
  if (!fs::is_directory(folder)) throw InputError(folder.string(), "is a file", "a folder of scans");
  Source source;
  source.folder = fs::canonical(folder);
  source.channel_names = {"image"};
  std::optional<DatasetDescription> description;
  if (fs::exists(source.folder / "dataset.json")) {
    description = read_dataset_json(source.folder / "dataset.json");
    source.name = description->name;
    source.class_names = description->class_names;
    source.class_texts = description->class_texts;
    source.label_table = description->label_table;
    source.channel_names = description->channel_names;
  }
  if (source.name.empty()) source.name = source.folder.filename().string();
  if (description && (fs::is_directory(source.folder / "imagesTr") || !description->training.empty())) {
    list_decathlon(source, *description);
  } else if (holds_hdf5(source.folder)) {
    list_hdf5(source);
  } else {
    list_plain(source);
    if (source.cases.empty()) list_case_folders(source, channels);
  }
  if (source.cases.empty()) {
    throw InputError(folder.string(), "no scans found",
                     "imagesTr/, images/, a folder per case, or files ending in " + join(scan_extensions(), ", "));
  }
  std::sort(source.cases.begin(), source.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (size_t i = 1; i < source.cases.size(); ++i) {
    if (source.cases[i].id == source.cases[i - 1].id) {
      throw InputError(source.cases[i].images.front().string(),
                       "has the same case id as " + source.cases[i - 1].images.front().string(),
                       "one id per case, imagesTr and imagesTs together");
    }
  }
  return source;
}

}  // namespace tss
