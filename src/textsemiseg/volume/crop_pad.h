// Boxes of voxels: cropping, padding and finding what is not background.
#pragma once

#include <algorithm>
#include <optional>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Voxels begin .. begin + size - 1 along each axis; may reach beyond a volume.
struct Box {
  Size3 begin{0, 0, 0};
  Size3 size{0, 0, 0};
  bool operator==(const Box&) const = default;
};

// The grid of the box: same voxels in the world.
Geometry crop_geometry(const Geometry& geometry, const Box& box);
// The smallest box around `volume` of at least `minimum` voxels along each axis, centred; an odd rest goes to the far side.
Box padded_box(const Size3& volume, const Size3& minimum);
// Box grown by margin voxels on either side, then cut to the volume.
Box grown_box(const Box& box, const Size3& margin, const Size3& volume);

// The part of the volume in the box; crops and pads in one. Voxels beyond the volume get `outside`.
template <class T>
Volume<T> crop_or_pad(const Volume<T>& volume, const Box& box, T outside = T{}) {
  Volume<T> out(crop_geometry(volume.geometry, box), outside);
  Size3 first, last;  // the box cut to the volume
  for (size_t axis = 0; axis < 3; ++axis) {
    first[axis] = std::max<int64_t>(box.begin[axis], 0);
    last[axis] = std::min(box.begin[axis] + box.size[axis], volume.size()[axis]);
    if (first[axis] >= last[axis]) return out;
  }
  for (int64_t x = first[0]; x < last[0]; ++x)
    for (int64_t y = first[1]; y < last[1]; ++y)
      std::copy_n(&volume(x, y, first[2]), last[2] - first[2], &out(x - box.begin[0], y - box.begin[1], first[2] - box.begin[2]));
  return out;
}

// The smallest box that holds every non-zero voxel; empty when there is none.
template <class T>
std::optional<Box> non_zero_box(const Volume<T>& volume) {
  Size3 low = volume.size(), high{-1, -1, -1};
  size_t at = 0;
  for (int64_t x = 0; x < volume.size()[0]; ++x) {
    for (int64_t y = 0; y < volume.size()[1]; ++y) {
      for (int64_t z = 0; z < volume.size()[2]; ++z, ++at) {
        if (volume.voxels[at] == T{}) continue;
        const Size3 index{x, y, z};
        for (size_t axis = 0; axis < 3; ++axis) {
          low[axis] = std::min(low[axis], index[axis]);
          high[axis] = std::max(high[axis], index[axis]);
        }
      }
    }
  }
  if (high[0] < 0) return std::nullopt;
  return Box{low, {high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1}};
}

}  // namespace tss
