#include "textsemiseg/volume/reorient.h"

#include <cmath>

namespace tss {

AxisMap AxisMap::inverse() const {
  AxisMap out;
  for (size_t i = 0; i < 3; ++i) {
    out.source[source[i]] = i;
    out.flipped[source[i]] = flipped[i];
  }
  return out;
}

Geometry AxisMap::apply(const Geometry& input) const {
  Geometry out;
  out.size = apply(input.size);
  Vector3 first{0, 0, 0};  // index in the input of the result's first voxel
  for (size_t i = 0; i < 3; ++i) {
    const size_t from = source[i];
    out.spacing[i] = input.spacing[from];
    for (size_t row = 0; row < 3; ++row)
      out.direction[row][i] = flipped[i] ? -input.direction[row][from] : input.direction[row][from];
    if (flipped[i]) first[from] = static_cast<double>(input.size[from] - 1);
  }
  out.origin = input.world(first);
  return out;
}

AxisMap map_to_ras(const Geometry& geometry) {
  static constexpr std::array<std::array<size_t, 3>, 6> kPermutations{
      {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  constexpr double kTie = 1e-6;  // rounding must not decide between equally near orders: the first (the identity) wins
  AxisMap best;
  double best_sum = -1;
  for (const auto& permutation : kPermutations) {
    double sum = 0;
    for (size_t i = 0; i < 3; ++i) sum += std::abs(geometry.direction[i][permutation[i]]);
    if (sum <= best_sum + kTie) continue;
    best_sum = sum;
    best.source = permutation;
  }
  for (size_t i = 0; i < 3; ++i) best.flipped[i] = geometry.direction[i][best.source[i]] < 0;
  return best;
}

}  // namespace tss
