// What a source folder holds: its layout, its classes, and for every case the files of image and label. Reads names and
// dataset.json only, no voxels.
//
// Layouts: MSD and nnU-Net v2 (imagesTr, labelsTr, imagesTs, labelsTs, dataset.json), community HDF5 (<case>/<any>.h5 or
// <case>.h5), a plain folder (images/ and labels/, or <case>.nii.gz beside <case>_label.nii.gz or <case>_seg.nii.gz; an image may be a
// folder with a DICOM series, or an .npz file that holds its label), and a folder per case (source/case_folders.h).
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
  std::filesystem::path label;                // empty: no label; HDF5, NPZ: the same file as the image
  bool test = false;                          // from imagesTs
};

// Ids name folders of the cache and files of predictions. Throws InputError naming subject and the first id that cannot.
void check_case_ids(const std::vector<SourceCase>& cases, const std::string& subject);

struct Source {
  std::filesystem::path folder;  // absolute
  std::string layout;            // "MSD", "nnU-Net", "HDF5", "plain", "case folders", ...
  std::string name;
  std::vector<std::string> class_names;  // empty where the source does not say
  ClassTexts class_texts;
  LabelTable label_table;  // of these classes
  std::vector<std::string> channel_names;
  std::vector<SourceCase> cases;     // sorted by id
  int64_t test_without_label = 0;    // images of imagesTs that were left out
  int64_t listed_without_label = 0;  // labels that dataset.json names but that do not exist

  const SourceCase* find(const std::string& id) const;
};

// Throws InputError naming the folder or file: no such folder, no case in it, an image that dataset.json lists but that is
// missing, two files for one id, a channel missing. channels: those to take of a folder per case, by name and in this order; empty: all.
Source open_source(const std::filesystem::path& folder, const std::vector<std::string>& channels = {});

}  // namespace tss
