// Scans and labels as NumPy saves them: one array in an .npy file, or "image" and "label" (or a single array) in an .npz archive.
// Any number type, C or Fortran order; no geometry.
#pragma once

#include <filesystem>
#include <vector>

#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

bool is_npy_file(const std::filesystem::path& path);  // .npy or .npz, by name

// Throw InputError naming the file and the array: truncated, a wrong checksum, no such array, not numbers, not 3D (4D: channels first or
// last).
std::vector<Image> read_npy_channels(const std::filesystem::path& path);
LabelMap read_npy_label(const std::filesystem::path& path);
ArrayLayout read_npy_layout(const std::filesystem::path& path);
// An .npz archive with "image" and "label".
bool npy_holds_label(const std::filesystem::path& path);

}  // namespace tss
