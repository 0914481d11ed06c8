// Finding the scans that a command line means: one scan of any kind (io/scan.h), or those of a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/scan.h"

namespace tss {

// One case to predict.
struct InputScan {
  std::string id;
  std::vector<ScanPtr> channels;
  std::string fault = {};  // why it cannot be predicted; empty: nothing is known against it
};
// input: a file, a DICOM series (FOLDER or FOLDER#series), or a folder whose files and DICOM folders are the cases; files named
// <case>_0000, <case>_0001, ... (nnU-Net) are the channels of one case, unless each file is a scan (one_channel), as are those of one channel
// on different grids. A folder with slices in it is that series whatever lies beside
// them, and so is one with a single volume below it. Names of labels (source/scan_listing.h) of other scans are left out with a warning, and
// folders of scouts. Throws InputError: missing, no scan, a number of channels other than `channels`, a gap in their numbers, two scans of
// one name. keep_going: of a folder, what is wrong with one scan alone is said in its fault instead, and the others are found.
std::vector<InputScan> find_inputs(const std::filesystem::path& input, int64_t channels, bool one_channel = false,
                                   bool keep_going = false);

struct FilePair {
  std::string id;
  std::filesystem::path reference, prediction;
};
// Two files, or two folders whose files are matched by their names without extension; arrays of probabilities (.npz, .npy) give way to label
// maps of their name, as in nnU-Net's output. Throws InputError: missing, a file against
// a folder, a reference without prediction. Predictions without a reference are left out with a warning.
std::vector<FilePair> pair_files(const std::filesystem::path& reference, const std::filesystem::path& prediction);

}  // namespace tss
