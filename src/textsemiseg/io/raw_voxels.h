// Numbers as a file stores them become voxels.
#pragma once

#include <algorithm>
#include <bit>

#include "textsemiseg/volume/strided_copy.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

static_assert(std::endian::native == std::endian::little);

template <class Number>
Number swapped(Number value) {
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  std::reverse(bytes, bytes + sizeof value);
  return value;
}

struct RawVoxels {
  bool swap = false;  // bytes in the order of other machines
  double slope = 1, intercept = 0;

  // Fills out.voxels, which has its size. bytes: of voxel (0, 0, 0); stride: along x, y and z, in numbers.
  template <class T>
  void convert(const unsigned char* bytes, const Size3& stride, Image& out) const {
    const T* in = reinterpret_cast<const T*>(bytes);
    const auto copy = [&](const auto& number) { copy_strided(in, stride, out.size(), out.voxels.data(), number); };
    if (swap)
      copy([&](T v) { return static_cast<float>(static_cast<double>(swapped(v)) * slope + intercept); });
    else if (slope != 1 || intercept != 0)
      copy([&](T v) { return static_cast<float>(static_cast<double>(v) * slope + intercept); });
    else
      copy([](T v) { return static_cast<float>(v); });
  }
};

}  // namespace tss
