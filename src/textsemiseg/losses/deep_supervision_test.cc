#include "textsemiseg/losses/deep_supervision.h"

#include <gtest/gtest.h>

#include "textsemiseg/losses/dice.h"

namespace tss::deep_supervision_test {

TEST(DeepSupervision, WeightsHalveFromLevelToLevelAndSumToOne) {
  const auto levels = std::vector<torch::Tensor>(3, torch::zeros({1}));
  std::vector<int64_t> steps;
  const torch::Tensor sum = deeply_supervised(levels, [&](const torch::Tensor&, int64_t step) {
    steps.push_back(step);
    return torch::full({}, static_cast<double>(step * step), torch::kFloat64);
  });
  EXPECT_EQ(steps, (std::vector<int64_t>{1, 2, 4}));
  EXPECT_NEAR(sum.item<double>(), (1 * 1 + 0.5 * 4 + 0.25 * 16) / 1.75, 1e-12);
}

TEST(DeepSupervision, OneLevelIsTheSegmentationLoss) {
  torch::manual_seed(1);
  const torch::Tensor logits = torch::randn({2, 3, 4, 5, 6}), label = torch::randint(3, {2, 4, 5, 6}, torch::kInt64);
  EXPECT_EQ(deep_segmentation_loss({logits}, label).item<float>(), (0.5 * cross_entropy_and_dice(logits, label)).item<float>());
}

TEST(DeepSupervision, CoarseLevelsSeeEverySecondVoxelOfLabelAndMask) {
  torch::manual_seed(2);
  const torch::Tensor fine = torch::randn({1, 2, 5, 4, 3}, torch::kFloat64),
                      coarse = torch::randn({1, 2, 3, 2, 2}, torch::kFloat64);
  const torch::Tensor label = torch::randint(2, {1, 5, 4, 3}, torch::kInt64),
                      mask = torch::randint(2, {1, 5, 4, 3}, torch::kFloat64);
  torch::Tensor coarse_label = torch::empty({1, 3, 2, 2}, torch::kInt64),
                coarse_mask = torch::empty({1, 3, 2, 2}, torch::kFloat64);
  for (int64_t x = 0; x < 3; ++x)
    for (int64_t y = 0; y < 2; ++y)
      for (int64_t z = 0; z < 2; ++z) {
        coarse_label[0][x][y][z] = label[0][2 * x][2 * y][2 * z];
        coarse_mask[0][x][y][z] = mask[0][2 * x][2 * y][2 * z];
      }
  const double expected = 0.5 * (masked_cross_entropy_and_dice(fine, label, mask).item<double>() / 1.5 +
                                 masked_cross_entropy_and_dice(coarse, coarse_label, coarse_mask).item<double>() * 0.5 / 1.5);
  EXPECT_NEAR(deep_segmentation_loss({fine, coarse}, label, mask).item<double>(), expected, 1e-12);
}

TEST(MaskedSegmentation, AMaskOfOnesChangesNothing) {
  torch::manual_seed(3);
  const torch::Tensor logits = torch::randn({2, 3, 4, 5, 6}, torch::kFloat64),
                      label = torch::randint(3, {2, 4, 5, 6}, torch::kInt64);
  EXPECT_NEAR(masked_cross_entropy_and_dice(logits, label, torch::ones({2, 4, 5, 6})).item<double>(),
              cross_entropy_and_dice(logits, label).item<double>(), 1e-9);
}

TEST(MaskedSegmentation, WhatIsMaskedHasNoInfluence) {
  torch::manual_seed(4);
  torch::Tensor logits = torch::randn({1, 3, 4, 4, 4}, torch::kFloat64).requires_grad_();
  const torch::Tensor label = torch::randint(3, {1, 4, 4, 4}, torch::kInt64);
  torch::Tensor mask = torch::zeros({1, 4, 4, 4});
  mask.narrow(1, 0, 2).fill_(1);
  const torch::Tensor loss = masked_cross_entropy_and_dice(logits, label, mask);
  EXPECT_NEAR(loss.item<double>(), cross_entropy_and_dice(logits.narrow(2, 0, 2), label.narrow(1, 0, 2)).item<double>(), 1e-9);
  loss.backward();
  EXPECT_EQ(logits.grad().narrow(2, 2, 2).abs().max().item<double>(), 0);
  EXPECT_GT(logits.grad().narrow(2, 0, 2).abs().max().item<double>(), 0);
  EXPECT_EQ(masked_cross_entropy_and_dice(logits, label, torch::zeros({1, 4, 4, 4})).item<double>(), 0);
}

}  // namespace tss::deep_supervision_test
