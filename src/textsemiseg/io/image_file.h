// NIfTI, NRRD and MetaImage files: read by own code, written by ITK. Arrays come out as stored, with their geometry; nothing is reoriented
// here. Safe from several threads.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Extensions that read_image understands, e.g. ".nii.gz".
const std::vector<std::string>& image_extensions();
bool is_image_file(const std::filesystem::path& path);
// Named like an image that is written as one file: .hdr, .mhd and .nhdr, which keep their voxels in a second one, are read only.
bool is_writable_image(const std::filesystem::path& path);
// File name without its image extension: "la_003.nii.gz" -> "la_003".
std::string image_stem(const std::filesystem::path& path);

// One channel, any stored type, as float. Throws InputError when the file is missing, truncated, damaged, not 3D, something else than its name
// says, or has no proper place in its header.
Image read_image(const std::filesystem::path& path);
// All channels: volumes along the fourth dimension, or values of a voxel.
std::vector<Image> read_image_channels(const std::filesystem::path& path);
int64_t count_image_channels(const std::filesystem::path& path);
// Integers 0..255 only; throws InputError naming the first other value.
LabelMap read_label_map(const std::filesystem::path& path);
// Header only.
Geometry read_geometry(const std::filesystem::path& path);
// The affine of a NIfTI file that is not used, where it is another one; nullopt for other formats.
std::optional<Geometry> read_other_geometry(const std::filesystem::path& path);

// Atomic; the format follows the extension.
void write_image(const std::filesystem::path& path, const Image& image);
// fields: further lines of an NRRD header; other formats have no place for them.
using TextFields = std::vector<std::pair<std::string, std::string>>;
void write_label_map(const std::filesystem::path& path, const LabelMap& labels, const TextFields& fields = {});

}  // namespace tss
