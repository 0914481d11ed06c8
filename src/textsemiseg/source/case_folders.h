// A data set with a folder per case, whatever the files in it are called: BraTS (HGG/<case>/<case>_flair.nii.gz, ..., <case>_seg.nii.gz),
// the left atrium challenge (<case>/lgemri.nrrd, laendo.nrrd), a DICOM series with its label beside it, a scan with a folder of masks
// (<case>/ct.nii.gz, <case>/segmentations/liver.nii.gz, ...), ACDC (<case>/<case>_frame01.nii.gz, <case>_frame01_gt.nii.gz, ...).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/source/source.h"

namespace tss {

// Folders of the first to third level that hold scans themselves, or DICOM slices in them or below. A file with a label's name
// (source/label_words.h) is the label, the others are the channels, called by their names without the case's. Where a folder holds several
// scans each with a label of its own, each is a case. Folders below one called test or validation are kept apart where there are others.
// Fills cases and channel_names of the source. Throws InputError naming the case: channels that others do not have, or a wanted one
// missing; several labels.
void list_case_folders(Source& source, const SourceOptions& options);

// What such a folder holds.
struct CaseFolder {
  std::string id;
  std::filesystem::path folder;
  std::map<std::string, std::filesystem::path> channels;  // by name
  std::vector<std::filesystem::path> labels;              // that claim to be its label
};
// As cases of the source, with the channels wanted.
void add_case_folders(Source& source, const std::vector<CaseFolder>& cases, const SourceOptions& options);
// "BraTS19_x_flair" of the case "BraTS19_x" -> "flair".
std::string name_within_case(const std::string& stem, const std::string& id);

}  // namespace tss
