#include "textsemiseg/source/image_parts.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/label_words.h"
#include "textsemiseg/source/name_pairs.h"
#include "textsemiseg/source/scan_listing.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

enum class PartRole { kTraining, kValidation, kTest, kUnlabelled };

struct PartFolder {
  const char* ending;  // of "images" and "labels"
  PartRole role;
};
constexpr PartFolder kPartFolders[] = {
    {"tr", PartRole::kTraining}, {"va", PartRole::kValidation}, {"val", PartRole::kValidation}, {"ts", PartRole::kTest}};

// "ImagesTr" for "imagestr"; empty where there is none.
fs::path part_folder(const fs::path& folder, const std::string& name) {
  std::error_code ignored;
  for (auto it = fs::directory_iterator(folder, ignored); !ignored && it != fs::directory_iterator(); it.increment(ignored))
    if (to_lower_ascii(it->path().filename().string()) == name && fs::is_directory(it->path())) return it->path();
  return {};
}

// Lists written on Windows have backslashes.
fs::path listed_path(const fs::path& folder, const std::string& name) {
  const fs::path path = (folder / name).lexically_normal();
  if (fs::exists(path) || name.find('\\') == std::string::npos) return path;
  std::string slashes = name;
  std::replace(slashes.begin(), slashes.end(), '\\', '/');
  return (folder / slashes).lexically_normal();
}

// A listed image as it stands or, in nnU-Net v1's habit, with channel suffixes that the list leaves out.
std::vector<fs::path> listed_images(const fs::path& folder, const ListedCase& listed, const std::string& json) {
  std::vector<fs::path> images;
  for (const std::string& name : listed.images) {
    const fs::path path = listed_path(folder, name);
    if (fs::exists(path)) {
      images.push_back(path);
      continue;
    }
    const size_t before = images.size();
    const std::string ending = path.filename().string().substr(image_stem(path).size());
    for (int64_t channel = 0; channel < 10000; ++channel) {
      std::string number = std::to_string(channel);
      number.insert(0, 4 - number.size(), '0');
      const fs::path suffixed = path.parent_path() / (image_stem(path) + "_" + number + ending);
      if (!fs::exists(suffixed)) break;
      images.push_back(suffixed);
    }
    if (images.size() == before) throw InputError(path.string(), "missing, listed in " + json, "the image file");
  }
  return images;
}

struct PartCase {
  SourceCase item;
  PartRole role = PartRole::kTraining;
  std::string from;  // "the list \"validation\"", "imagesVa"
  bool label_listed = false;
};

// Labels of one folder, and which of them have been used.
struct LabelFolder {
  fs::path folder;
  std::map<std::string, fs::path> labels;  // by stem
};

class PartLister {
 public:
  PartLister(Source& source, const DatasetDescription& description, const SourceOptions& options)
      : source_(source), description_(description), options_(options), json_((source.folder / "dataset.json").string()) {}

  void list() {
    // What is kept apart goes first: listed twice it is not for training.
    add_listed(description_.test, "test", PartRole::kTest);
    add_listed(description_.validation, "validation", PartRole::kValidation);
    add_listed(description_.unlabelled, "unlabelled", PartRole::kUnlabelled);
    add_training();
    for (const OtherList& other : description_.other_lists) leave_out(other);
    for (const PartFolder& part : kPartFolders) add_folder(part);
    find_labels();
    report();
    finish();
  }

 private:
  std::string add(PartCase one) {
    const std::string id = one.item.id;
    const auto [place, added] = cases_.emplace(id, std::move(one));
    return added ? "" : place->second.item.images.front().string();
  }

  PartCase case_of(const ListedCase& entry, const std::string& list, PartRole role) {
    PartCase one;
    one.role = role;
    one.from = "the list \"" + list + "\" of dataset.json";
    one.item.images = listed_images(source_.folder, entry, json_);
    const fs::path& first = one.item.images.front();
    const auto suffix = channel_suffix(image_stem(first));
    const std::string written = fs::path(listed_path("", entry.images.front())).filename().string();
    const bool suffixed =
        description_.dialect == Dialect::kNnunet || suffix_left_out(written, first) || are_numbered(one.item.images);
    one.item.id = !entry.id.empty() ? entry.id : suffix && suffixed ? suffix->first : image_stem(first);
    if (entry.label.empty()) return one;
    const fs::path label = listed_path(source_.folder, entry.label);
    if (role == PartRole::kUnlabelled) {
      used_.insert(label);
      return one;
    }
    one.label_listed = true;
    if (fs::exists(label)) one.item.label = label;
    return one;
  }

  static bool suffix_left_out(const std::string& written, const fs::path& found) {
    return fs::path(written).filename() != found.filename();
  }

  // x_0000, x_0001 in one entry.
  static bool are_numbered(const std::vector<fs::path>& images) {
    return images.size() > 1 && std::all_of(images.begin(), images.end(), [&](const fs::path& image) {
             const auto suffix = channel_suffix(image_stem(image));
             return suffix && suffix->first ==
                                  channel_suffix(image_stem(images.front())).value_or(std::pair{std::string(), int64_t{0}}).first;
           });
  }

  void add_listed(const std::vector<ListedCase>& entries, const std::string& list, PartRole role) {
    for (const ListedCase& entry : entries) add_entry(case_of(entry, list, role));
  }

  void add_entry(PartCase one) {
    const auto known = taken_.find(one.item.images.front());
    const auto same = known == taken_.end() ? cases_.end() : cases_.find(known->second);
    if (same != cases_.end() && same->second.from != one.from) {
      ++listed_twice_;
      if (twice_.empty()) twice_ = concat(one.item.id, " is in ", same->second.from, " and in ", one.from);
      return;
    }
    for (const fs::path& image : one.item.images) taken_[image] = one.item.id;
    const std::string id = one.item.id;
    if (!add(std::move(one)).empty()) throw InputError(json_, "lists case '" + id + "' twice", "every case once");
  }

  void add_training() {
    std::set<int64_t> folds;
    for (const ListedCase& entry : description_.training) {
      if (entry.fold) folds.insert(*entry.fold);
      const bool held = options_.fold && entry.fold == options_.fold;
      add_entry(case_of(entry, held ? concat("training\", fold \"", *entry.fold) : "training",
                        held ? PartRole::kValidation : PartRole::kTraining));
    }
    if (options_.fold && !folds.contains(*options_.fold))
      throw InputError(
          concat("--fold ", *options_.fold),
          folds.empty() ? json_ + " gives its cases no folds" : concat(json_, " has the folds ", join(folds, ", ")),
          folds.empty() ? "\"fold\": 0 beside image and label, or --split with nnU-Net's splits_final.json" : "one of them");
    if (!options_.fold && !folds.empty())
      log_info(concat(json_, ": has the folds ", join(folds, ", "),
                      "; all are training cases, and --fold N takes one for validation"));
  }

  void leave_out(const OtherList& other) {
    int64_t count = 0;
    for (const ListedCase& entry : other.cases) {
      std::vector<fs::path> images;
      try {
        images = listed_images(source_.folder, entry, json_);
      } catch (const InputError&) {
        continue;  // not there, so nothing has to be left out
      }
      if (taken_.contains(images.front())) continue;
      for (const fs::path& image : images) taken_[image] = "";
      if (!entry.label.empty()) used_.insert(listed_path(source_.folder, entry.label));
      ++count;
    }
    log_warning(concat(json_, ": the list \"", other.key, "\" is not known here; the ", count,
                       count == 1 ? " case that is" : " cases that are",
                       " in it alone are left out (known lists: training, validation, test, unlabelled)"));
  }

  void add_folder(const PartFolder& part) {
    const fs::path folder = part_folder(source_.folder, std::string("images") + part.ending);
    if (folder.empty()) return;
    std::vector<fs::path> files;
    for (const fs::path& path : source_.described ? scan_files_of(folder, description_.file_ending) : scans_of(folder))
      if (!taken_.contains(path)) files.push_back(path);
    leave_out_labels(files);
    std::vector<fs::path> labels;
    for (const auto& [stem, label] : labels_of(folder).labels) labels.push_back(label);
    const bool described = source_.described;
    const bool numbered = (described && description_.dialect == Dialect::kNnunet) ||
                          are_channels(files, labels, !described || description_.numbered);
    for (const NamedScan& scan : named_scans(files, numbered)) {
      PartCase one;
      one.item.id = scan.id;
      one.item.images = scan.images;
      one.role = part.role;
      one.from = folder.filename().string();
      const std::string other = add(std::move(one));
      if (!other.empty())
        throw InputError(scan.images.front().string(), "has the same case id as " + other,
                         "one id per case, imagesTr and imagesTs together");
    }
  }

  // Label maps that were left between the images: "p1_seg" beside "p1".
  void leave_out_labels(std::vector<fs::path>& files) {
    std::vector<std::string> stems;
    for (const fs::path& file : files) stems.push_back(scan_stem(file));
    const std::set<std::string> ignored = words_of_all(stems);
    std::set<std::string> names(stems.begin(), stems.end());
    for (const auto& [image, id] : taken_) names.insert(scan_stem(image));
    std::erase_if(files, [&](const fs::path& file) {
      const auto scan = scan_of_label(scan_stem(file), ignored);
      if (!scan || !(names.contains(*scan) || names.contains(*scan + "_0000"))) return false;
      source_.unused_labels.push_back(file);
      return true;
    });
  }

  // The folder of labels that goes with a folder of images, by name.
  LabelFolder& labels_of(const fs::path& images) {
    const auto known = label_folders_.find(images);
    if (known != label_folders_.end()) return known->second;
    LabelFolder found;
    const std::string name = to_lower_ascii(images.filename().string());
    if (starts_with(name, "image")) {
      const std::string rest = name.substr(starts_with(name, "images") ? 6 : 5);
      found.folder = part_folder(images.parent_path(), "labels" + rest);
      if (found.folder.empty()) found.folder = part_folder(images.parent_path(), "label" + rest);
    }
    if (!found.folder.empty()) found.labels = by_stem(scan_files_of(found.folder));
    return label_folders_.emplace(images, std::move(found)).first->second;
  }

  // By the case's name, else by that of its first image; else labels that no case has by name, as pair_by_name says.
  void find_labels() {
    for (auto& [id, one] : cases_) {
      if (!one.item.label.empty()) used_.insert(one.item.label);
    }
    std::map<fs::path, std::vector<PartCase*>> without;  // by folder of labels
    for (auto& [id, one] : cases_) {
      if (!one.item.label.empty() || one.role == PartRole::kUnlabelled) continue;
      const LabelFolder& folder = labels_of(one.item.images.front().parent_path());
      for (const std::string& name : {id, scan_stem(one.item.images.front())}) {
        const auto label = folder.labels.find(name);
        if (!one.item.label.empty() || label == folder.labels.end() || used_.contains(label->second)) continue;
        one.item.label = label->second;
        used_.insert(label->second);
      }
      if (one.item.label.empty() && !folder.folder.empty()) without[folder.folder].push_back(&one);
    }
    for (auto& [images, folder] : label_folders_) {
      std::vector<fs::path> free;
      for (const auto& [stem, label] : folder.labels)
        if (!used_.contains(label)) free.push_back(label);
      pair_others(without[folder.folder], free);
    }
  }

  void pair_others(const std::vector<PartCase*>& without, const std::vector<fs::path>& labels) {
    if (labels.empty()) return;
    std::vector<NamedScan> scans;
    for (const PartCase* one : without) scans.push_back({one->item.id, one->item.images});
    const NamePairs pairs = pair_by_name(scans, labels, {});
    for (size_t i = 0; i < scans.size(); ++i) {
      if (pairs.labels[i].empty()) continue;
      const fs::path label = one_label(pairs.labels[i], source_.folder.string() + ": " + scans[i].id, source_.unused_labels);
      without[i]->item.label = label;
      log_warning(concat(label.string(), ": is taken for the label of case '", scans[i].id, "'"));
    }
    for (const auto* unused : {&pairs.alone, &pairs.second_best})
      source_.unused_labels.insert(source_.unused_labels.end(), unused->begin(), unused->end());
  }

  void report() const {
    if (listed_twice_ > 0)
      log_warning(concat(json_, ": ", listed_twice_, listed_twice_ == 1 ? " case is" : " cases are",
                         " in two lists and kept apart from training (", twice_, ")"));
    if (!description_.unknown_keys.empty())
      log_warning(concat(json_, ": nothing here reads ", description_.unknown_keys.size() == 1 ? "the key " : "the keys ",
                         join(description_.unknown_keys, ", ")));
  }

  void finish() {
    for (auto& [id, one] : cases_) {
      SourceCase& item = one.item;
      item.test = one.role == PartRole::kTest;
      item.validation = one.role == PartRole::kValidation;
      if (item.label.empty() && one.label_listed) ++source_.listed_without_label;
      if (item.label.empty() && item.images.size() == 1 && one.role != PartRole::kUnlabelled &&
          Scan::open(item.images.front())->holds_label())
        item.label = item.images.front();
      source_.cases.push_back(std::move(item));
    }
  }

  Source& source_;
  const DatasetDescription& description_;
  const SourceOptions& options_;
  std::string json_;
  std::map<std::string, PartCase> cases_;
  std::map<fs::path, std::string> taken_;          // images and their cases; "" for those left out
  std::set<fs::path> used_;                        // labels
  std::map<fs::path, LabelFolder> label_folders_;  // by folder of images
  int64_t listed_twice_ = 0;
  std::string twice_;
};

}  // namespace

bool has_image_parts(const fs::path& folder) { return !part_folder(folder, "imagestr").empty(); }

void list_image_parts(Source& source, const DatasetDescription& description, const SourceOptions& options) {
  if (!source.described)
    source.layout = "imagesTr";
  else
    source.layout =
        description.dialect == Dialect::kNnunet || (description.numbered && description.training.empty()) ? "nnU-Net" : "MSD";
  PartLister(source, description, options).list();
  for (const SourceCase& item : source.cases) {
    if (item.images.size() != source.cases.front().images.size()) {
      throw InputError((source.folder / "imagesTr").string(),
                       concat("case '", item.id, "' has ", item.images.size(), " channels, case '", source.cases.front().id,
                              "' has ", source.cases.front().images.size()),
                       "the same number for every case");
    }
  }
}

}  // namespace tss
