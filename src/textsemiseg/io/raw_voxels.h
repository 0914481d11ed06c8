// Numbers as a file stores them become voxels.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

static_assert(std::endian::native == std::endian::little);

template <class Number>
Number swapped(Number value) {
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  std::reverse(bytes, bytes + sizeof value);
  return value;
}

enum class NumberType { kUint8, kInt8, kUint16, kInt16, kUint32, kInt32, kUint64, kInt64, kFloat32, kFloat64 };
uint64_t bytes_of(NumberType type);

using RawBytes = std::unique_ptr<unsigned char[]>;

// Where the numbers of an image with one channel axis lie, counted in numbers.
struct NumberOrder {
  Size3 stride{};                                // from voxel to voxel along x, y and z
  int64_t components = 1, component_stride = 0;  // values that belong to one voxel
  int64_t volume_stride = 0;                     // of images one behind the other

  int64_t channel_begin(int64_t channel) const {
    return channel / components * volume_stride + channel % components * component_stride;
  }
  // x fastest; the components of a voxel together, before x.
  static NumberOrder usual(const Size3& size, int64_t components = 1) {
    const auto& [nx, ny, nz] = size;
    return {{components, components * nx, components * nx * ny}, components, 1, components * nx * ny * nz};
  }
};

struct RawVoxels {
  NumberType type = NumberType::kUint8;
  bool swap = false;  // bytes in the order of other machines
  double slope = 1, intercept = 0;

  // Fills the voxels of channels, whose geometry is set.
  void convert(const unsigned char* bytes, const NumberOrder& order, std::vector<Image>& channels) const;
};

}  // namespace tss
