// A 3D array that keeps its geometry. Indexed (x, y, z) with z contiguous: offset = (x * size[1] + y) * size[2] + z.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "textsemiseg/volume/geometry.h"

namespace tss {

template <class T>
struct Volume {
  Geometry geometry;
  std::vector<T> voxels;

  Volume() = default;
  explicit Volume(Geometry g, T fill = T{}) : geometry(std::move(g)), voxels(static_cast<size_t>(geometry.voxels()), fill) {}

  const Size3& size() const { return geometry.size; }
  size_t offset(int64_t x, int64_t y, int64_t z) const {
    return static_cast<size_t>((x * geometry.size[1] + y) * geometry.size[2] + z);
  }
  T& operator()(int64_t x, int64_t y, int64_t z) { return voxels[offset(x, y, z)]; }
  const T& operator()(int64_t x, int64_t y, int64_t z) const { return voxels[offset(x, y, z)]; }
};

using Image = Volume<float>;
using LabelMap = Volume<uint8_t>;  // class indices, at most 256 classes

}  // namespace tss
