// Finding the scans that a command line means: one file, or the files of a folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tss {

// Images of any format of io/image_file.h and the community's HDF5 cases.
bool is_scan_file(const std::filesystem::path& path);
// Scan files of a folder itself, not below it, sorted. Throws InputError when the folder holds none.
std::vector<std::filesystem::path> scan_files_in(const std::filesystem::path& folder);

// One case to predict.
struct InputScan {
  std::string id;
  std::vector<std::filesystem::path> channels;
};
// input: a file, or a folder; its files are cases, those named <case>_0000, <case>_0001, ... (nnU-Net) are the channels of one
// case. Throws InputError: missing, no scan, a number of channels other than `channels`, two files for one case.
std::vector<InputScan> find_inputs(const std::filesystem::path& input, int64_t channels);

struct FilePair {
  std::string id;
  std::filesystem::path reference, prediction;
};
// Two files, or two folders whose files are matched by their names without extension. Throws InputError: missing, a file against
// a folder, a reference without prediction. Predictions without a reference are left out with a warning.
std::vector<FilePair> pair_files(const std::filesystem::path& reference, const std::filesystem::path& prediction);

}  // namespace tss
