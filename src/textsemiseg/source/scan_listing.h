// Scans of a folder by name: what the layouts of source/source.h are put together from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tss {

// Entries of a folder in order of name, without the hidden ones (the MSD archives are full of "._x.nii.gz").
std::vector<std::filesystem::path> visible_entries(const std::filesystem::path& folder);

// Files named like a scan, of that ending where one is given; empty where there is no such folder.
std::vector<std::filesystem::path> scan_files_of(const std::filesystem::path& folder, const std::string& ending = "");
// These, and folders with a DICOM series in them.
std::vector<std::filesystem::path> scans_of(const std::filesystem::path& folder);

// scan_stem -> path. Throws InputError on two of one stem.
std::map<std::string, std::filesystem::path> by_stem(const std::vector<std::filesystem::path>& scans);

// "case_0001" -> {"case", 1}; nnU-Net's channel suffix has exactly four digits.
std::optional<std::pair<std::string, int64_t>> channel_suffix(const std::string& stem);

}  // namespace tss
