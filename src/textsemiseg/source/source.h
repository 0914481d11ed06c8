// What a source folder holds: its layout, its classes, and for every case the files of image and label. Reads names and
// dataset.json, and voxels only where two files claim to be one label.
//
// Layouts: MSD and nnU-Net (imagesTr, labelsTr, imagesVa, imagesTs, ..., with or without dataset.json: source/image_parts.h), community
// HDF5 (<case>/<any>.h5 or <case>.h5), a plain folder (images/ and labels/ or the like, or labels beside the images, by name:
// source/plain_folder.h; an image may be a folder with a DICOM series, or an .npz file that holds its label), a folder per case
// (source/case_folders.h), BIDS (source/bids.h).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/source/class_names.h"
#include "textsemiseg/source/label_table.h"

namespace tss {

struct SourceCase {
  std::string id;
  std::vector<std::filesystem::path> images;  // one per channel, or one that holds all; a DICOM series is its folder
  std::filesystem::path label;  // empty: no label; HDF5, NPZ: the same file as the image; FOLDER/*: a mask per structure
  bool test = false;            // the source keeps it apart for testing: imagesTs, a list "test", a folder of that name
  bool validation = false;      // the same for validation
  bool added = false;           // from a folder of unlabelled scans that was named beside the source
  size_t source = 0;            // of a dataset from several sources, which of them
};

// Ids name folders of the cache and files of predictions. Throws InputError naming subject and the first id that cannot, and where an id
// or a path is not UTF-8.
void check_case_ids(const std::vector<SourceCase>& cases, const std::string& subject);

struct Source {
  std::filesystem::path folder;  // absolute
  std::string layout;            // "MSD", "nnU-Net", "HDF5", "plain", "case folders", "BIDS", ...
  std::string name;
  bool described = false;                // dataset.json or the patterns of a recipe say which files are images
  bool masks = false;                    // labels are masks, one file per structure; their names are the class names
  std::vector<std::string> class_names;  // empty where the source does not say
  ClassTexts class_texts;
  LabelTable label_table;  // of these classes
  std::vector<std::string> channel_names;
  std::vector<SourceCase> cases;     // sorted by id
  int64_t test_without_label = 0;    // images kept apart (imagesTs, lists "test" and "validation") that were left out
  int64_t listed_without_label = 0;  // labels that dataset.json names but that do not exist
  std::vector<std::filesystem::path>
      unused_labels;  // files named like label maps that are the label of no case and were left out

  const SourceCase* find(const std::string& id) const;
  bool has_label() const;  // of any case
};

struct SourceOptions {
  std::vector<std::string> channels;  // those to take of a folder per case, by name and in this order; empty: all
  std::string label_file;             // which files are labels: a pattern of names, or of paths below the folder; empty: by name
  std::vector<std::filesystem::path> unlabelled;  // further folders, whose scans are unlabelled cases
  bool unlabelled_test_images = false;            // images kept apart that have no label are unlabelled cases
  std::optional<int64_t> fold;                    // of the entries of dataset.json that name folds, this one is for validation
};

// Throws InputError naming the folder or file: no such folder, no case in it, an image that dataset.json lists but that is
// missing, two files for one id, a channel missing, files of which several may be the label of one case. What is left out is warned of.
Source open_source(const std::filesystem::path& folder, const SourceOptions& options = {});

// The last step of it, for cases that were found in another way: what is kept apart without a label, the folders of unlabelled scans, ids.
void complete_source(Source& source, const SourceOptions& options);

// Why no case of the source has a label: the first scan, the names tried for its label, what was left over. One line's found and expected.
struct NoLabel {
  std::string found, expected;
};
NoLabel why_no_label(const Source& source);

}  // namespace tss
