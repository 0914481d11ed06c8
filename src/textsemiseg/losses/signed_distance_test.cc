#include "textsemiseg/losses/signed_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/naive.h"

namespace tss::signed_distance_test {

using testing::for_voxels;
using testing::largest_difference;

// Every voxel against every other.
torch::Tensor by_all_pairs(const torch::Tensor& label, int64_t label_class) {  // [1, X, Y, Z]
  torch::Tensor to_outside = torch::zeros(label.sizes(), torch::kFloat64), to_inside = to_outside.clone(),
                boundary = to_outside.clone();
  const auto y = label.accessor<int64_t, 4>();
  for_voxels(label, [&](int64_t, int64_t i, int64_t j, int64_t k) {
    const bool inside = y[0][i][j][k] == label_class;
    double nearest = 1e9;
    for_voxels(label, [&](int64_t, int64_t a, int64_t b, int64_t c) {
      if ((y[0][a][b][c] == label_class) == inside) return;
      const double d = std::sqrt(static_cast<double>((a - i) * (a - i) + (b - j) * (b - j) + (c - k) * (c - k)));
      nearest = std::min(nearest, d);
    });
    (inside ? to_outside : to_inside)[0][i][j][k] = nearest;
    boundary[0][i][j][k] = inside && nearest == 1;
  });
  return (to_inside / to_inside.max() - to_outside / to_outside.max()) * (1 - boundary);
}

TEST(SignedDistance, EqualsTheSearchOverAllPairsForEveryClass) {
  torch::manual_seed(1);
  torch::Tensor label = torch::zeros({2, 7, 6, 9}, torch::kInt64);
  label[0].narrow(0, 1, 5).narrow(1, 1, 4).narrow(2, 0, 5).fill_(1);
  label[0].narrow(0, 2, 3).narrow(1, 2, 3).narrow(2, 4, 4).fill_(2);
  label[1].copy_(torch::randint(0, 3, {7, 6, 9}));
  const torch::Tensor maps = signed_distance_maps(label, 3);
  ASSERT_EQ(maps.sizes(), (std::vector<int64_t>{2, 2, 7, 6, 9}));
  EXPECT_EQ(maps.scalar_type(), torch::kFloat32);
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t k = 1; k < 3; ++k)
      EXPECT_LT(largest_difference(maps[n][k - 1].to(torch::kFloat64), by_all_pairs(label.narrow(0, n, 1), k)[0]), 1e-6);
}

TEST(SignedDistance, EmptyAndFilledCropsAreFinite) {
  torch::Tensor label = torch::zeros({2, 4, 4, 4}, torch::kInt64);
  label[1].fill_(1);
  const torch::Tensor maps = signed_distance_maps(label, 2);
  EXPECT_TRUE(torch::equal(maps[0], torch::zeros({1, 4, 4, 4})));
  EXPECT_TRUE(torch::equal(maps[1], -torch::ones({1, 4, 4, 4})));
  EXPECT_EQ(signed_distance_maps(label.narrow(0, 0, 0), 2).size(0), 0);
}

TEST(SignedDistance, BorderOfTheCropIsNoBoundary) {
  torch::Tensor label = torch::zeros({1, 6, 4, 4}, torch::kInt64);
  label[0].narrow(0, 0, 3).fill_(1);
  const torch::Tensor map = signed_distance_maps(label, 2)[0][0];
  EXPECT_EQ(map[0][0][0].item<float>(), -1.0f);  // the deepest, although at the array's edge
  EXPECT_EQ(map[2][0][0].item<float>(), 0.0f);
  EXPECT_EQ(map[5][3][3].item<float>(), 1.0f);
}

TEST(SignedDistance, MasksOfDistances) {
  const torch::Tensor mask = mask_of_distance(torch::tensor({-1.0, 0.0, 1.0, -0.001}, torch::kFloat64));
  EXPECT_NEAR(mask[0].item<double>(), 1, 1e-12);
  EXPECT_EQ(mask[1].item<double>(), 0.5);
  EXPECT_NEAR(mask[2].item<double>(), 0, 1e-12);
  EXPECT_NEAR(mask[3].item<double>(), 1 / (1 + std::exp(-1.5)), 1e-12);
}

}  // namespace tss::signed_distance_test
