#include "textsemiseg/losses/pyramid_consistency.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::pyramid_consistency_test {

using testing::Row;

std::vector<torch::Tensor> draw_scales(int64_t classes) {
  std::vector<torch::Tensor> out;
  for (int i = 0; i < 3; ++i) out.push_back(torch::randn({2, classes, 2, 2, 3}, torch::kFloat64).requires_grad_(true));
  return out;
}

TEST(PyramidConsistency, EqualsItsEquationsVoxelByVoxel) {
  torch::manual_seed(1);
  const auto logits = draw_scales(3);
  const PyramidConsistency got = pyramid_consistency(logits);
  Row squares(3, 0), weights(3, 0), divergences(3, 0);
  double voxels = 0;
  testing::for_voxels(logits[0], [&](int64_t n, int64_t i, int64_t j, int64_t k) {
    testing::Rows q;
    Row mean(3, 0);
    for (const auto& z : logits) {
      q.push_back(testing::softmax(testing::row_of(z[n].select(1, i).select(1, j).select(1, k))));
      for (size_t c = 0; c < 3; ++c) mean[c] += q.back()[c] / 3;
    }
    for (size_t s = 0; s < 3; ++s) {
      double divergence = 0, square = 0;
      for (size_t c = 0; c < 3; ++c) {
        divergence += mean[c] * std::log(mean[c] / q[s][c]);
        square += std::pow(mean[c] - q[s][c], 2);
      }
      EXPECT_NEAR(got.divergence[s][n][0][i][j][k].item<double>(), divergence, 1e-13);
      squares[s] += square * std::exp(-divergence);
      weights[s] += std::exp(-divergence);
      divergences[s] += divergence;
    }
    voxels += 1;
  });
  double total = 0;
  for (size_t s = 0; s < 3; ++s) {
    const double expected = squares[s] / (3 * voxels) / (weights[s] / voxels + 1e-8) + divergences[s] / voxels;
    EXPECT_NEAR(got.scales[s].item<double>(), expected, 1e-13);
    total += expected / 3;
  }
  EXPECT_NEAR(got.loss.item<double>(), total, 1e-13);
}

TEST(PyramidConsistency, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  const auto logits = draw_scales(2);
  const auto check = testing::check_gradients([&] { return pyramid_consistency(logits).loss; },
                                              {{"fine", logits[0]}, {"middle", logits[1]}, {"coarse", logits[2]}});
  EXPECT_LT(check.error, 1e-6) << check;
}

TEST(PyramidConsistency, EqualScalesCostNothingAndCertainOnesAreFinite) {
  const torch::Tensor same = torch::randn({1, 2, 2, 2, 2}, torch::kFloat64);
  EXPECT_NEAR(pyramid_consistency({same, same, same}).loss.item<double>(), 0, 1e-14);
  torch::Tensor certain = torch::zeros({1, 2, 2, 2, 2});
  certain.select(1, 0).fill_(400);
  certain.requires_grad_(true);
  const torch::Tensor loss = pyramid_consistency({certain, certain, torch::zeros({1, 2, 2, 2, 2})}).loss;
  loss.backward();
  EXPECT_TRUE(torch::isfinite(loss).item<bool>());
  EXPECT_TRUE(torch::isfinite(certain.grad()).all().item<bool>());
}

}  // namespace tss::pyramid_consistency_test
