// A prepared dataset folder: which cases there are, which role each plays, and the memory-mapped cache of their arrays.
//
//   D/dataset.json       classes, recipe, source folder, cases          written by prepare
//   D/split.json         {"labelled": [ids], "unlabelled": [...], "validation": [...], "test": [...]}, in order
//   D/folds/fold_k.json  the same for cross-validation
//   D/cache/<key>/<id>/  image.npy, label.npy, case.json
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/dataset/cache.h"
#include "textsemiseg/dataset/source_classes.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/source/source.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// One prepared case. Arrays are float32 [C, X, Y, Z] (or [X, Y, Z] for one channel) and uint8 [X, Y, Z] on the prepared grid.
struct CachedCase {
  std::string id;
  Geometry geometry;  // of the prepared grid
  MappedNpy image;
  std::optional<MappedNpy> label;      // absent where the case has no label
  std::filesystem::path source_image;  // the first channel; Scan::open() reads it
  std::filesystem::path source_label;  // empty where the case has no label; Scan::open() reads it
  std::function<void()>
      require_sound;  // throws InputError where the arrays are damaged; reads them once in the life of the program
};

// When the arrays of a case are compared with their checksums, which reads every byte. kWhenAsked: whoever takes voxels calls
// require_sound() first; a training would otherwise read all its cases before the first step.
enum class Soundness { kAtOnce, kWhenAsked };

class Dataset {
 public:
  // split: a file, or the name of one of the folds ("fold_0"); empty: split.json.
  // Throws InputError: no dataset.json or split.json, unknown ids, a case in two roles, a labelled case without label,
  // a cache entry that is missing or stale (says to run prepare again).
  static Dataset open(const std::filesystem::path& folder, const std::string& split = "");

  const std::filesystem::path& folder() const { return folder_; }
  const std::string& name() const { return name_; }
  const std::vector<std::string>& class_names() const { return class_names_; }  // class 0 is the background
  const ClassTexts& class_texts() const { return class_texts_; }                // the names where nothing else is given
  int64_t classes() const { return static_cast<int64_t>(class_names_.size()); }
  int64_t channels() const { return channels_; }
  const Recipe& recipe() const { return recipe_; }
  const LabelTable& label_table() const { return label_table_; }                         // of a dataset from one source
  const std::vector<std::string>& cases(Role role) const { return split_.cases(role); }  // in split order
  const Split& split() const { return split_; }
  // The files a case was prepared from; throws InputError for an unknown id.
  const SourceCase& source(const std::string& id) const;
  // Where the dataset is made of several sources; else empty.
  const std::vector<SourceRecord>& sources() const { return records_; }
  // The name of the source of a case; empty where there is one source.
  std::string source_name(const std::string& id) const;
  // Which classes the label of a case tells apart.
  const ClassGroups& groups(const std::string& id) const;
  const Cache& cache() const { return *cache_; }
  // Classes of which no labelled case has a voxel, by name.
  std::vector<std::string> unseen_classes() const;
  // Opens (maps) one case's cache; throws InputError when its scan has changed since or the arrays are damaged. A scan that is no longer there is
  // used as prepared, with one warning per dataset.
  CachedCase load(const std::string& id, LabelUse label = LabelUse::kRead, Soundness soundness = Soundness::kAtOnce) const;
  // The label of a case on its own grid, as classes: merged and renamed as the label map says. Throws InputError when it has none.
  LabelMap read_label(const std::string& id) const;

 private:
  std::filesystem::path folder_;
  std::string name_;
  std::vector<std::string> class_names_;
  ClassTexts class_texts_;
  LabelTable label_table_;
  int64_t channels_ = 1;
  Recipe recipe_;
  std::map<std::string, SourceCase> sources_;
  std::vector<SourceRecord> records_;
  Split split_;
  std::shared_ptr<const Cache> cache_;
  std::shared_ptr<std::atomic<bool>> warned_ = std::make_shared<std::atomic<bool>>(false);
};

// What dataset.json of a prepared folder says.
struct DatasetRecord {
  std::string name;
  std::vector<std::string> class_names;
  ClassTexts class_texts;
  LabelTable label_table;
  std::vector<std::string> channel_names;
  int64_t channels = 0;  // of the prepared arrays; 0 in records of earlier versions
  Recipe recipe;
  std::filesystem::path source;  // absolute; of several the first
  std::string layout;
  std::vector<SourceRecord> sources;  // several; empty where there is one, whose labels tell all classes apart
  std::vector<SourceCase> cases;

  const LabelTable& labels_of(const SourceCase& item) const;
  const ClassGroups& groups_of(const SourceCase& item) const;
  const ClassGroups& groups_of(const std::string& id) const;  // the id must be there
  Cache cache_in(const std::filesystem::path& folder) const;
};
// Whether a dataset.json is such a record, and not the description that came with the scans.
bool is_dataset_record(const Json& json);
// Throws InputError: not a record, ids that cannot name folders.
DatasetRecord read_dataset_record(const std::filesystem::path& folder);
void write_dataset_record(const std::filesystem::path& folder, const DatasetRecord& record);

// As make_split and check_roles take them.
std::vector<SplitCase> split_cases(const DatasetRecord& record);

}  // namespace tss
