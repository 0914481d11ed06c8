// The two dialects of dataset.json that the field uses: the Medical Segmentation Decathlon's and nnU-Net v2's.
//
//   MSD         "labels": {"0": "background", "1": "liver"}, "modality": {"0": "CT"}, "training": [{"image": ..., "label": ...}]
//   nnU-Net v2  "labels": {"background": 0, "liver": 1}, "channel_names": {"0": "CT"}, "file_ending": ".nii.gz"
//
// Label values may have gaps, and a class several values: {"whole tumour": [1, 2, 4]}. Either may also carry "label_map": {"1": "whole
// tumour", "2": "whole tumour"}, which goes before "labels": classes merged, renamed or (as "background") dropped without touching files.
//
// MONAI's lists are read as well: "labels" may be missing, "image" may be a list with one file per channel, and entries may have a "fold".
//
// Either may also carry "text": {"liver": "a text"} or {"liver": ["a synonym", "a sentence on its appearance"]}, what text encoders read
// in place of the name.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/source/class_names.h"
#include "textsemiseg/source/label_table.h"

namespace tss {

enum class Dialect { kMsd, kNnunet };

// One entry of a list of cases; paths as written, relative to the folder of dataset.json.
struct ListedCase {
  std::string id;                   // empty: from the file name
  std::vector<std::string> images;  // one per channel
  std::string label;                // empty: none given
  std::optional<int64_t> fold;      // of MONAI's lists
};

// A list of cases under a key that is not understood.
struct OtherList {
  std::string key;
  std::vector<ListedCase> cases;
};

struct DatasetDescription {
  Dialect dialect = Dialect::kMsd;
  std::string name;
  std::vector<std::string> class_names;    // class 0 is the background; K is the length; empty where there is no "labels"
  LabelTable label_table;                  // stored values -> classes
  ClassTexts class_texts;                  // "text": one or more per class; the class names where absent
  std::vector<std::string> channel_names;  // "modality" or "channel_names"; at least one
  std::string file_ending;                 // nnU-Net; empty: any known image
  bool numbered = false;                   // "channel_names" or "file_ending": files are called x_0000, as nnU-Net's
  std::vector<ListedCase> training;        // as listed; nnU-Net usually lists none
  std::vector<ListedCase> validation;      // "validation", "val"
  std::vector<ListedCase> test;            // "test", "testing"
  std::vector<ListedCase> unlabelled;      // "unlabelled", "unlabeled"
  std::vector<OtherList> other_lists;
  std::vector<std::string> unknown_keys;  // the other keys that nothing reads
};

// Throws InputError naming file and field: no "labels", values that are no whole numbers, fewer than two classes, regions that overlap.
DatasetDescription read_dataset_json(const std::filesystem::path& path);
// The same for a parsed file; `source` is its name in messages.
DatasetDescription parse_dataset_json(const Json& json, const std::string& source);

// {"class name": "text", "another": ["text", "text"]} of the classes whose text is not just their name.
Json texts_to_json(const ClassTexts& texts, const std::vector<std::string>& class_names);
// {"0": "background", ...}
Json labels_to_json(const std::vector<std::string>& class_names);

}  // namespace tss
