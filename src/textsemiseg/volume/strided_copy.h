// Copies a 3D array into another axis order. Serves reorientation and the exchange with libraries whose x axis is contiguous.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// out[(i * size[1] + j) * size[2] + k] = in[i * stride[0] + j * stride[1] + k * stride[2]]; strides in elements, negative ones
// run backwards from `in`. Values pass through convert. Works in tiles so that neither side is read or written with a long stride.
template <class In, class Out, class Convert>
void copy_strided(const In* in, const Size3& stride, const Size3& size, Out* out, const Convert& convert) {
  const Size3 out_stride{size[1] * size[2], size[2], 1};
  // The axis along which the input is contiguous shares the tiles with axis 2, along which the output is.
  const size_t fast = std::abs(stride[0]) < std::abs(stride[1]) ? 0 : 1;
  const size_t slow = 1 - fast;
  constexpr int64_t kTile = 32;
  for (int64_t s = 0; s < size[slow]; ++s) {
    for (int64_t f0 = 0; f0 < size[fast]; f0 += kTile) {
      const int64_t f1 = std::min(f0 + kTile, size[fast]);
      const int64_t step = std::abs(stride[2]) == 1 ? size[2] : kTile;
      for (int64_t k0 = 0; k0 < size[2]; k0 += step) {
        const int64_t k1 = std::min(k0 + step, size[2]);
        for (int64_t f = f0; f < f1; ++f) {
          const In* from = in + s * stride[slow] + f * stride[fast];
          Out* to = out + s * out_stride[slow] + f * out_stride[fast];
          for (int64_t k = k0; k < k1; ++k) to[k] = convert(from[k * stride[2]]);
        }
      }
    }
  }
}

template <class T>
void copy_strided(const T* in, const Size3& stride, const Size3& size, T* out) {
  copy_strided(in, stride, size, out, [](T value) { return value; });
}

}  // namespace tss
