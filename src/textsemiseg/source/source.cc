#include "textsemiseg/source/source.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"
#include "textsemiseg/io/hdf5_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/bids.h"
#include "textsemiseg/source/case_folders.h"
#include "textsemiseg/source/dataset_json.h"
#include "textsemiseg/source/image_parts.h"
#include "textsemiseg/source/paired_folders.h"
#include "textsemiseg/source/part_folders.h"
#include "textsemiseg/source/plain_folder.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

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
    SourceCase item;
    item.id = id;
    item.images = {path};
    if (Scan::open(path)->holds_label()) item.label = path;
    source.cases.push_back(std::move(item));
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

std::optional<DatasetDescription> description_of(Source& source) {
  const fs::path file = source.folder / "dataset.json";
  if (!fs::exists(file)) return std::nullopt;
  DatasetDescription description = read_dataset_json(file);
  source.name = description.name;
  source.class_names = description.class_names;
  source.class_texts = description.class_texts;
  source.label_table = description.label_table;
  source.channel_names = description.channel_names;
  return description;
}

void list_cases(Source& source, const SourceOptions& options) {
  const auto description = description_of(source);
  if (source.name.empty()) source.name = source.folder.filename().string();
  const bool parts = has_image_parts(source.folder);
  const bool listed =
      description && !(description->training.empty() && description->validation.empty() && description->test.empty());
  if (options.fold && !(description && (parts || listed)))
    throw InputError(concat("--fold ", *options.fold), "the source has no dataset.json with folds",
                     "\"fold\": 0 beside image and label, or --split with nnU-Net's splits_final.json");
  if (parts || listed) {
    if (!options.label_file.empty())
      throw InputError("--label-file", "the folders imagesTr and labelsTr, or dataset.json, say which files are labels",
                       "no such option");
    source.described = description.has_value();
    list_image_parts(source, description.value_or(DatasetDescription{}), options);
  } else if (holds_hdf5(source.folder)) {
    source.described = true;  // by the names of the arrays
    list_hdf5(source);
  } else if (is_bids(source.folder)) {
    list_bids(source, options);
  } else {
    list_plain(source, options);
    if (source.cases.empty()) list_part_folders(source, options);
    if (source.cases.empty()) list_paired_folders(source, options);
    if (source.cases.empty()) list_case_folders(source, options);
    if (!options.label_file.empty() && !source.cases.empty() && !source.has_label())
      throw InputError("--label-file " + options.label_file, "no file is called so that goes with a scan",
                       "a pattern of names such as \"*_manual.nii.gz\"");
  }
}

// Images without a label that the source keeps apart: nothing to test on, and training only where that is asked for.
void settle_unlabelled_parts(Source& source, bool use) {
  const auto apart = [](const SourceCase& item) { return (item.test || item.validation) && item.label.empty(); };
  if (use) {
    for (SourceCase& item : source.cases)
      if (apart(item)) item.test = item.validation = false;
    return;
  }
  source.test_without_label += static_cast<int64_t>(std::erase_if(source.cases, apart));
}

// Scans of further folders. A name that is taken gets the folder's before it.
void add_unlabelled(Source& source, const fs::path& folder, const SourceOptions& options) {
  SourceOptions own;
  own.channels = options.channels;
  own.unlabelled_test_images = true;
  const Source further = open_source(folder, own);
  if (further.folder == source.folder)
    throw InputError("--unlabelled " + folder.string(), "is the source itself", "another folder");
  std::set<std::string> names;
  std::set<fs::path> files;
  for (const SourceCase& item : source.cases) {
    names.insert(item.id);
    files.insert(item.images.begin(), item.images.end());
  }
  int64_t labels = 0;
  for (SourceCase item : further.cases) {
    if (files.contains(item.images.front())) continue;
    labels += !item.label.empty();
    item.label.clear();
    item.test = item.validation = false;
    item.added = true;
    if (names.contains(item.id)) item.id = further.folder.filename().string() + "_" + item.id;
    if (!names.insert(item.id).second)
      throw InputError(item.images.front().string(), "case '" + item.id + "' is there already", "another name");
    source.cases.push_back(std::move(item));
  }
  if (labels > 0)
    log_info(concat(folder.string(), ": ", labels, labels == 1 ? " label is" : " labels are",
                    " not used: its scans are unlabelled cases"));
}

// What files with a mask per structure call their structures.
void name_classes_by_masks(Source& source) {
  std::set<std::string> names;
  for (const SourceCase& item : source.cases) {
    if (item.label.empty()) continue;
    if (!is_mask_folder(item.label)) return;
    for (const LabelName& one : Scan::open(item.label)->label_names()) names.insert(one.name);
  }
  source.masks = !names.empty();
  if (!source.masks || !source.class_names.empty()) return;
  names.erase("background");
  source.class_names = {"background"};
  source.class_names.insert(source.class_names.end(), names.begin(), names.end());
  for (const std::string& name : source.class_names) source.class_texts.push_back({name});
  source.label_table = LabelTable::identity(std::ssize(source.class_names));
}

void warn_of_unused_labels(const Source& source) {
  const auto& files = source.unused_labels;
  if (files.empty()) return;
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min<size_t>(files.size(), 3); ++i)
    names.push_back(files[i].lexically_relative(source.folder).string());
  log_warning(concat(source.folder.string(), ": ", files.size(), files.size() == 1 ? " file is" : " files are",
                     " named like label maps and used for nothing: ", join(names, ", "), files.size() > 3 ? ", ..." : ""));
}

}  // namespace

void check_case_ids(const std::vector<SourceCase>& cases, const std::string& subject) {
  require_utf8(subject, "folder");
  for (const SourceCase& item : cases) {
    const std::string& id = item.id;
    require_utf8(id, subject + ": case");
    for (const fs::path& image : item.images) require_utf8(image.string(), subject + ": image");
    require_utf8(item.label.string(), subject + ": label");
    if (!id.empty() && id != "." && id != ".." && id.find_first_of("/\\") == std::string::npos && !starts_with(id, ".tmp-"))
      continue;
    throw InputError(subject, "case '" + id + "'",
                     "an id that can name a folder: not empty, no / or \\, not . or .., not beginning with .tmp-");
  }
}

bool Source::has_label() const {
  return std::any_of(cases.begin(), cases.end(), [](const SourceCase& item) { return !item.label.empty(); });
}

const SourceCase* Source::find(const std::string& id) const {
  for (const SourceCase& item : cases) {
    if (item.id == id) return &item;
  }
  return nullptr;
}

Source open_source(const fs::path& folder, const SourceOptions& options) {
  if (!fs::exists(folder)) throw InputError(folder.string(), "no such folder", "a folder of scans");
  if (!fs::is_directory(folder)) throw InputError(folder.string(), "is a file", "a folder of scans");
  Source source;
  source.folder = fs::canonical(folder);
  source.channel_names = {"image"};
  list_cases(source, options);
  if (source.cases.empty()) {
    throw InputError(folder.string(), "no scans found",
                     "imagesTr/, images/, a folder per case, or files ending in " + join(scan_extensions(), ", "));
  }
  std::sort(source.cases.begin(), source.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (size_t i = 1; i < source.cases.size(); ++i) {
    if (source.cases[i].id == source.cases[i - 1].id) {
      throw InputError(source.cases[i].images.front().string(),
                       "has the same case id as " + source.cases[i - 1].images.front().string(), "one id per case");
    }
  }
  complete_source(source, options);
  return source;
}

void complete_source(Source& source, const SourceOptions& options) {
  settle_unlabelled_parts(source, options.unlabelled_test_images);
  for (const fs::path& further : options.unlabelled) add_unlabelled(source, further, options);
  std::sort(source.cases.begin(), source.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  check_case_ids(source.cases, source.folder.string());
  name_classes_by_masks(source);
  warn_of_unused_labels(source);
}

}  // namespace tss
