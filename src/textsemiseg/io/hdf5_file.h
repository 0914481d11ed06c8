// The community's HDF5 cases: data sets "image" (numbers, 3D, or 4D with channels) and, where labelled, "label" (integers, 3D), axis
// order as stored.
// The files carry no geometry: identity direction and unit spacing.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/io/array_layout.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct Hdf5Case {
  Image image;
  std::optional<LabelMap> label;
};

// Throw InputError naming file and data set (missing, truncated, wrong rank, shapes differ, labels that are no whole numbers).
// One channel, and labels 0..255.
Hdf5Case read_hdf5_case(const std::filesystem::path& path);
std::vector<Image> read_hdf5_channels(const std::filesystem::path& path);
Volume<int32_t> read_hdf5_label(const std::filesystem::path& path);
// Size and channels of the image, without reading the data.
ArrayLayout read_hdf5_layout(const std::filesystem::path& path);
// By its name.
bool is_hdf5_file(const std::filesystem::path& path);
bool hdf5_has_label(const std::filesystem::path& path);
// What lies in the file's root, by name.
std::vector<std::string> hdf5_names(const std::filesystem::path& path);
// gzip-compressed, atomic; for tests and conversion.
void write_hdf5_case(const std::filesystem::path& path, const Image& image, const LabelMap* label);

}  // namespace tss
