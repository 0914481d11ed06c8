// Interpolation of a volume on another grid (ITK behind the .cc for linear and B-spline).
#pragma once

#include <optional>

#include "textsemiseg/volume/volume.h"

namespace tss {

enum class Interpolation {
  kNearest,
  kLinear,
  kBSpline,  // cubic; clamped to the input's range, which an unclamped spline leaves at edges
};

// The grid of the same field of view with another spacing (mm): size = max(1, round(size * old / new)), half up, and the centre
// of the field of view kept, so that flipping and resampling commute and every new voxel centre lies inside the old field of view.
Geometry with_spacing(const Geometry& geometry, const Vector3& spacing);

// Values at the voxel centres of target. Outside the input's field of view (half a voxel beyond the outermost centres) the
// given value, or without one that of the nearest voxel inside. NaN in the input spreads.
Image resample_to(const Image& image, const Geometry& target, Interpolation interpolation,
                  std::optional<float> outside = std::nullopt);
// Nearest neighbour. A centre half-way between two voxels takes the one of lower index, whatever the rounding of the coordinates.
LabelMap resample_to(const LabelMap& labels, const Geometry& target, std::optional<uint8_t> outside = std::nullopt);

}  // namespace tss
