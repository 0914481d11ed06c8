// What the headers of NIfTI, NRRD and MetaImage files say alike.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/io/raw_voxels.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct ImageHeader {
  Geometry geometry;
  std::optional<Geometry> other_geometry;  // see Scan::other_geometry
  std::string warning;                     // for whoever reads the voxels; "" mostly
  int64_t channels = 1;

  RawVoxels raw;
  NumberOrder order;
  // channels * voxels numbers of raw.type, or throws InputError: no voxel is left as it was.
  std::function<RawBytes()> numbers;

  uint64_t number_bytes() const { return static_cast<uint64_t>(channels * geometry.voxels()) * bytes_of(raw.type); }
};

// Behind the voxels of a compressed stream there may be some more bytes; where it goes on and on, it is no scan.
inline constexpr uint64_t kMostBehindVoxels = uint64_t{1} << 24;

// An affine as rows of three columns for the array axes and one for the origin, mm, RAS+.
using Affine = std::array<std::array<double, 4>, 3>;
// Spacing and direction are lengths and unit vectors of the columns; a column of zeros stays one.
Geometry geometry_of(const Size3& size, const Affine& affine);

// Throws InputError naming the file, where numbers are NaN or infinite, there is no voxel, a spacing is not above 0, axes lie in one plane, or
// two axes are farther from right angles than rounding explains: "its axes are sheared ...".
void check_geometry(const std::string& name, const Geometry& geometry);
// Cosine between two axes up to which it is rounding.
inline constexpr double kMostShear = 5e-4;

// Of further dimensions than the three of space; throws InputError where channels are more than kMostChannels.
int64_t checked_channels(const std::string& name, int64_t channels);

// Sizes of a header that multiply to no more than memory can hold. Throws InputError naming the file.
void check_size(const std::string& name, const std::vector<int64_t>& sizes);

}  // namespace tss
