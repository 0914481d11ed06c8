#include "textsemiseg/metrics/distance_transform.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tss::distance_transform_test {

std::vector<double> by_all_pairs(const std::vector<uint8_t>& mask, const Size3& size, const Vector3& spacing) {
  std::vector<double> out(mask.size(), std::numeric_limits<double>::infinity());
  const auto position = [&](size_t i) {
    const auto flat = static_cast<int64_t>(i);
    return Size3{flat / (size[1] * size[2]), flat / size[2] % size[1], flat % size[2]};
  };
  for (size_t i = 0; i < mask.size(); ++i)
    for (size_t j = 0; j < mask.size(); ++j) {
      if (!mask[j]) continue;
      double sum = 0;
      for (size_t a = 0; a < 3; ++a) {
        const double d = static_cast<double>(position(i)[a] - position(j)[a]) * spacing[a];
        sum += d * d;
      }
      out[i] = std::min(out[i], sum);
    }
  return out;
}

// Deterministic, about one voxel in `one_in`.
std::vector<uint8_t> scattered(const Size3& size, uint64_t one_in, uint64_t seed) {
  std::vector<uint8_t> mask(static_cast<size_t>(size[0] * size[1] * size[2]));
  uint64_t state = seed;
  for (auto& voxel : mask) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    voxel = (state >> 33) % one_in == 0 ? 7 : 0;
  }
  return mask;
}

TEST(DistanceTransform, EqualsTheSearchOverAllPairs) {
  for (const Size3& size : {Size3{7, 9, 11}, Size3{1, 13, 4}, Size3{12, 1, 1}, Size3{1, 1, 17}})
    for (const uint64_t one_in : {2u, 20u, 90u}) {
      const auto mask = scattered(size, one_in, one_in + static_cast<uint64_t>(size[0]));
      EXPECT_EQ(squared_distances(mask.data(), size), by_all_pairs(mask, size, {1, 1, 1}));
      const auto anisotropic = squared_distances(mask.data(), size, {0.7, 1.3, 4.0}),
                 expected = by_all_pairs(mask, size, {0.7, 1.3, 4.0});
      for (size_t i = 0; i < expected.size(); ++i) {
        if (std::isinf(expected[i])) {
          EXPECT_TRUE(std::isinf(anisotropic[i]));
        } else {
          EXPECT_NEAR(anisotropic[i], expected[i], 1e-9);
        }
      }
    }
}

TEST(DistanceTransform, EmptyAndFullMasks) {
  const Size3 size{3, 4, 5};
  const std::vector<uint8_t> empty(60, 0), full(60, 1);
  for (const double d : squared_distances(empty.data(), size)) EXPECT_TRUE(std::isinf(d));
  for (const double d : squared_distances(full.data(), size)) EXPECT_EQ(d, 0);
}

}  // namespace tss::distance_transform_test
