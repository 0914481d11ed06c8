// What a scan is recognised by when it turns up again: cropped, stored in another format, type, scale or order of the axes.
//
// Landmarks are the local minima and maxima of the scan smoothed by a 5^3 box (small scans: also by a 3^3 box, which gives more of
// them). Each is described by the order of 15 smoothed values around it (the voxel itself, six and eight neighbours 3, or 2, voxels
// away), hashed. The order does not change with any increasing map of
// the intensities, the place of a landmark only with the crop; the six neighbours fix a frame of axes, so that permuting and
// mirroring the array does not change the hash either. Where two of the 15 values are equal there is no landmark: flat regions (air
// at 0, padding, skull-stripped background) never speak for equality. Of all landmarks those with the lowest hashes are kept
// (a bottom-k sketch): two scans that share a region keep the same ones of it, whatever the rest holds.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// A signed permutation of axes: along axis i of the result runs axis source[i] of the input, sign[i] says in which direction.
struct SignedAxes {
  std::array<uint8_t, 3> source{0, 1, 2};
  std::array<int8_t, 3> sign{1, 1, 1};

  auto operator<=>(const SignedAxes&) const = default;
};

struct Landmark {
  uint64_t hash = 0;
  std::array<int32_t, 3> at{};  // voxel
  SignedAxes frame;             // from the array's axes to the landmark's own
};

// Of size and voxels as stored; 0 for a constant image, which is equal to others for no reason.
uint64_t hash_voxels(const Image& image);

struct Sketch {
  Size3 size{};
  uint64_t content = 0;             // hash_voxels()
  std::vector<Landmark> landmarks;  // at most kMost of each scale, by rising hash
  static constexpr size_t kMost = 4096;
};

// Landmarks need at least 11 (3^3: 7) voxels along each axis. Memory: 12 planes besides the image.
Sketch sketch_of(const Image& image);

}  // namespace tss
