// A patch sampled between voxels, straight from the whole case: one interpolation for turn, mirror, crop, rotation and scale together.
#pragma once

#include <array>
#include <cstdint>

#include "textsemiseg/sampling/augmentation.h"
#include "textsemiseg/sampling/patch.h"

namespace tss {

// index in the case = matrix * index in the patch + offset (voxels)
struct IndexMap {
  std::array<Vector3, 3> matrix{};
  Vector3 offset{};
};

// Voxel p of the patch comes from where copy_patch takes it after p was rotated and scaled about the centre of the patch, in
// millimetres: with long voxels a rotation stays a rotation. geometry: of the case; its direction plays no part.
IndexMap warp_map(const Geometry& geometry, const PlaneTransform& transform, const PatchCrop& crop, const Size3& start,
                  const Size3& patch, const SpatialDraw& draw);

// Outside the case (half a voxel beyond the outermost centres): zeros, as copy_patch has them. from: [X, Y, Z] of `size`;
// to: [patch]. Images are interpolated linearly, labels take the nearest voxel.
void warp_patch(const float* from, const Size3& size, const IndexMap& map, const Size3& patch, float* to);
void warp_patch(const uint8_t* from, const Size3& size, const IndexMap& map, const Size3& patch, uint8_t* to);

}  // namespace tss
