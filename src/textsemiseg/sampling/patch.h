// Where a patch comes from: padding, start ranges, mirror and quarter turns, all as index arithmetic, and the copy itself.
// Order as published: the case is turned and mirrored, then padded with zeros, then cropped (methods: shared training plumbing).
#pragma once

#include <array>
#include <cstdint>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// How a case is padded and how far a start may go.
struct CropRule {
  // Sound: only the missing voxels are added, half on each side (the odd one at the high end), every start is possible.
  // Published: as soon as one axis has size <= patch, every axis gets max(floor((patch - size) / 2) + margin, 0) on both
  // sides; the last start is never drawn.
  bool published = false;
  int64_t margin = 3;  // published only; BCP's pancreas loader has 1
};

struct PatchCrop {
  Size3 pad_low{0, 0, 0};
  Size3 padded{0, 0, 0};  // size after padding
  Size3 starts{1, 1, 1};  // number of start positions: 0 .. starts - 1
};

PatchCrop crop_of(const Size3& size, const Size3& patch, const CropRule& rule);
// Start of the central patch: (padded - patch) / 2, halves to even.
Size3 centre_start(const PatchCrop& crop, const Size3& patch);

// Quarter turns in the plane of axes 0 and 1 (numpy.rot90: axis 0 towards axis 1), then mirrors.
struct PlaneTransform {
  int turns = 0;  // 0..3
  std::array<bool, 2> mirror{false, false};

  bool operator==(const PlaneTransform&) const = default;
  bool swaps_axes() const { return turns % 2 == 1; }
  // Size of the transformed array.
  Size3 apply(const Size3& size) const { return swaps_axes() ? Size3{size[1], size[0], size[2]} : size; }
  // Index in the source of the voxel that comes to `index` of the transformed array; size is the source's.
  std::array<int64_t, 2> source(int64_t x, int64_t y, const Size3& size) const;
  // The inverse: where a source voxel goes.
  std::array<int64_t, 2> target(int64_t x, int64_t y, const Size3& size) const;
};

// Copies the patch whose low corner is `start` in the transformed and padded array; outside the case: zeros.
// from: [X, Y, Z] of `size`; to: [patch].
void copy_patch(const float* from, const Size3& size, const PlaneTransform& transform, const PatchCrop& crop, const Size3& start,
                const Size3& patch, float* to);
void copy_patch(const uint8_t* from, const Size3& size, const PlaneTransform& transform, const PatchCrop& crop,
                const Size3& start, const Size3& patch, uint8_t* to);

// Turns a patch [X, Y, Z] round along the given axes, in place.
void mirror_patch(const std::array<bool, 3>& axes, const Size3& patch, float* voxels);
void mirror_patch(const std::array<bool, 3>& axes, const Size3& patch, uint8_t* voxels);

}  // namespace tss
