// How an array with three or four dimensions, as HDF5 and NumPy store it, is one or several volumes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/volume/strided_copy.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct ArrayLayout {
  Size3 size{};
  Size3 stride{};  // in elements
  int64_t channels = 1;
  int64_t channel_stride = 0;

  // Identity and 1 mm: such files know no other.
  Geometry geometry() const {
    Geometry out;
    out.size = size;
    return out;
  }

  template <class T, class Convert>
  std::vector<Image> channels_of(const T* data, const Convert& convert) const {
    std::vector<Image> out;
    for (int64_t c = 0; c < channels; ++c) {
      Image& image = out.emplace_back(geometry());
      copy_strided(data + c * channel_stride, stride, size, image.voxels.data(), convert);
    }
    return out;
  }
};

// shape: three dimensions (x, y, z), or four with the channels first or last, whichever is shorter. fortran: the first dimension is
// the contiguous one. Throws InputError with `subject`: another number of dimensions, an empty one, more than 2^36 elements, which a
// damaged header might ask for, or more channels than kMostChannels.
ArrayLayout array_layout(const std::vector<int64_t>& shape, bool fortran, const std::string& subject);

constexpr int64_t kMostChannels = 64;

}  // namespace tss
