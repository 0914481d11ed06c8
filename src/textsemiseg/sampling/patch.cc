#include "textsemiseg/sampling/patch.h"

#include <algorithm>
#include <cstring>

namespace tss {
namespace {

// Rounds towards minus infinity, as the published loaders do for axes that are larger than the patch.
int64_t floor_half(int64_t value) { return value >= 0 ? value / 2 : -((1 - value) / 2); }

template <class T>
void copy(const T* from, const Size3& size, const PlaneTransform& transform, const PatchCrop& crop, const Size3& start,
          const Size3& patch, T* to) {
  const Size3 turned = transform.apply(size);
  const Size3 low{start[0] - crop.pad_low[0], start[1] - crop.pad_low[1], start[2] - crop.pad_low[2]};
  const int64_t z_first = std::clamp<int64_t>(-low[2], 0, patch[2]);
  const int64_t z_last = std::clamp<int64_t>(size[2] - low[2], z_first, patch[2]);
  const auto bytes = [](int64_t count) { return static_cast<size_t>(count) * sizeof(T); };
  const int64_t row_size = patch[2];
  // Neighbours along one of the two plane axes are size[2] apart in the source; along the other they are a whole slab apart.
  for (int64_t x = 0; x < patch[0]; ++x) {
    T* plane = to + x * patch[1] * row_size;
    const int64_t a = low[0] + x;
    if (a < 0 || a >= turned[0]) {
      std::memset(plane, 0, bytes(patch[1] * row_size));
      continue;
    }
    for (int64_t y = 0; y < patch[1]; ++y) {
      T* row = plane + y * row_size;
      const int64_t b = low[1] + y;
      if (b < 0 || b >= turned[1] || z_first == z_last) {
        std::memset(row, 0, bytes(row_size));
        continue;
      }
      const auto [i, j] = transform.source(a, b, size);
      const T* line = from + (i * size[1] + j) * size[2] + low[2];
      if (z_first > 0) std::memset(row, 0, bytes(z_first));
      std::memcpy(row + z_first, line + z_first, bytes(z_last - z_first));
      if (z_last < row_size) std::memset(row + z_last, 0, bytes(row_size - z_last));
    }
  }
}

template <class T>
void turn_round(const std::array<bool, 3>& axes, const Size3& patch, T* voxels) {
  const int64_t plane = patch[1] * patch[2];
  if (axes[0])
    for (int64_t x = 0; x < patch[0] / 2; ++x)
      std::swap_ranges(voxels + x * plane, voxels + (x + 1) * plane, voxels + (patch[0] - 1 - x) * plane);
  for (int64_t x = 0; x < patch[0]; ++x) {
    T* const slab = voxels + x * plane;
    if (axes[1])
      for (int64_t y = 0; y < patch[1] / 2; ++y)
        std::swap_ranges(slab + y * patch[2], slab + (y + 1) * patch[2], slab + (patch[1] - 1 - y) * patch[2]);
    if (axes[2])
      for (int64_t y = 0; y < patch[1]; ++y) std::reverse(slab + y * patch[2], slab + (y + 1) * patch[2]);
  }
}

}  // namespace

PatchCrop crop_of(const Size3& size, const Size3& patch, const CropRule& rule) {
  PatchCrop crop;
  bool any_small = false;
  for (size_t a = 0; a < 3; ++a) any_small = any_small || size[a] <= patch[a];
  for (size_t a = 0; a < 3; ++a) {
    const int64_t missing = patch[a] - size[a];
    int64_t high = 0;
    if (rule.published) {
      crop.pad_low[a] = high = any_small ? std::max<int64_t>(floor_half(missing) + rule.margin, 0) : 0;
    } else if (missing > 0) {
      crop.pad_low[a] = missing / 2;
      high = missing - crop.pad_low[a];
    }
    crop.padded[a] = size[a] + crop.pad_low[a] + high;
    // One start is always there, also for a margin of 0, where the published range would be empty.
    crop.starts[a] = std::max<int64_t>(crop.padded[a] - patch[a] + (rule.published ? 0 : 1), 1);
  }
  return crop;
}

Size3 centre_start(const PatchCrop& crop, const Size3& patch) {
  Size3 start{};
  for (size_t a = 0; a < 3; ++a) {
    const int64_t room = crop.padded[a] - patch[a];
    start[a] = room / 2;
    if (room % 2 == 1 && start[a] % 2 == 1) ++start[a];
  }
  return start;
}

std::array<int64_t, 2> PlaneTransform::source(int64_t x, int64_t y, const Size3& size) const {
  const Size3 turned = apply(size);
  if (mirror[0]) x = turned[0] - 1 - x;
  if (mirror[1]) y = turned[1] - 1 - y;
  switch (turns) {
    case 1:
      return {y, size[1] - 1 - x};
    case 2:
      return {size[0] - 1 - x, size[1] - 1 - y};
    case 3:
      return {size[0] - 1 - y, x};
    default:
      return {x, y};
  }
}

std::array<int64_t, 2> PlaneTransform::target(int64_t x, int64_t y, const Size3& size) const {
  std::array<int64_t, 2> to{x, y};
  switch (turns) {
    case 1:
      to = {size[1] - 1 - y, x};
      break;
    case 2:
      to = {size[0] - 1 - x, size[1] - 1 - y};
      break;
    case 3:
      to = {y, size[0] - 1 - x};
      break;
    default:
      break;
  }
  const Size3 turned = apply(size);
  if (mirror[0]) to[0] = turned[0] - 1 - to[0];
  if (mirror[1]) to[1] = turned[1] - 1 - to[1];
  return to;
}

void copy_patch(const float* from, const Size3& size, const PlaneTransform& transform, const PatchCrop& crop, const Size3& start,
                const Size3& patch, float* to) {
  copy(from, size, transform, crop, start, patch, to);
}

void copy_patch(const uint8_t* from, const Size3& size, const PlaneTransform& transform, const PatchCrop& crop,
                const Size3& start, const Size3& patch, uint8_t* to) {
  copy(from, size, transform, crop, start, patch, to);
}

void mirror_patch(const std::array<bool, 3>& axes, const Size3& patch, float* voxels) { turn_round(axes, patch, voxels); }

void mirror_patch(const std::array<bool, 3>& axes, const Size3& patch, uint8_t* voxels) { turn_round(axes, patch, voxels); }

}  // namespace tss
