// Permuting and flipping array axes, without interpolation: a volume stored in any orientation is brought to the array axes
// nearest to the world axes (RAS), and a result is brought back.
#pragma once

#include <array>

#include "textsemiseg/volume/strided_copy.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// Axis i of the result is axis source[i] of the input, backwards where flipped[i].
struct AxisMap {
  std::array<size_t, 3> source{0, 1, 2};
  std::array<bool, 3> flipped{false, false, false};

  bool is_identity() const { return *this == AxisMap{}; }
  bool operator==(const AxisMap&) const = default;
  AxisMap inverse() const;

  Size3 apply(const Size3& input) const { return {input[source[0]], input[source[1]], input[source[2]]}; }
  // World positions of the voxels stay what they are.
  Geometry apply(const Geometry& input) const;
  // One array of the input's size, z contiguous, into one of apply(size)'s; in and out must not overlap.
  template <class T>
  void apply(const T* in, const Size3& size, T* out) const {
    const Size3 own{size[1] * size[2], size[2], 1};
    Size3 stride{};
    for (size_t i = 0; i < 3; ++i) {
      stride[i] = own[source[i]];
      if (!flipped[i]) continue;
      in += (size[source[i]] - 1) * stride[i];
      stride[i] = -stride[i];
    }
    copy_strided(in, stride, apply(size), out);
  }
  template <class T>
  Volume<T> apply(const Volume<T>& input) const {
    Volume<T> out(apply(input.geometry));
    apply(input.voxels.data(), input.size(), out.voxels.data());
    return out;
  }
};

// The map to the array axes nearest to RAS: of all assignments of array axes to world axes the one with the largest sum of
// absolute cosines. An oblique rest stays in the direction matrix; a geometry nearest to RAS already gives the identity.
AxisMap map_to_ras(const Geometry& geometry);

template <class T>
Volume<T> to_ras(const Volume<T>& volume) {
  return map_to_ras(volume.geometry).apply(volume);
}

// The inverse of to_ras for results: takes a volume on the axes of to_ras(scan) onto the axes of the scan. The geometry is the
// scan's own, bit for bit, where the grids agree; a volume of another size or spacing is permuted and flipped all the same.
template <class T>
Volume<T> onto_axes_of(const Volume<T>& volume, const Geometry& scan) {
  Volume<T> out = map_to_ras(scan).inverse().apply(volume);
  if (same_grid(out.geometry, scan)) out.geometry = scan;
  return out;
}

}  // namespace tss
