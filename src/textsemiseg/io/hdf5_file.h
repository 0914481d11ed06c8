// The community's HDF5 cases: data sets "image" (float) and, where labelled, "label" (integers), both 3D, axis order as stored.
// The files carry no geometry: identity direction and unit spacing.
#pragma once

#include <filesystem>
#include <optional>

#include "textsemiseg/volume/volume.h"

namespace tss {

struct Hdf5Case {
  Image image;
  std::optional<LabelMap> label;
};

// Throws InputError naming file and data set (missing, truncated, wrong rank, shapes differ, label values outside 0..255).
Hdf5Case read_hdf5_case(const std::filesystem::path& path);
// Only the image's size, without reading the data.
Geometry read_hdf5_geometry(const std::filesystem::path& path);
bool hdf5_has_label(const std::filesystem::path& path);
// gzip-compressed, atomic; for tests and conversion.
void write_hdf5_case(const std::filesystem::path& path, const Image& image, const LabelMap* label);

}  // namespace tss
