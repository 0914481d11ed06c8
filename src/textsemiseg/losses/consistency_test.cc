#include "textsemiseg/losses/consistency.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/numeric_gradient.h"
#include "textsemiseg/losses/ramps.h"

namespace tss::consistency_test {

double sharpened(double p) { return std::pow(p, 10) / (std::pow(p, 10) + std::pow(1 - p, 10)); }

TEST(Consistency, SharpeningPushesAwayFromOneHalf) {
  const torch::Tensor p = torch::tensor({0.0, 0.1, 0.4, 0.5, 0.6, 1.0}, torch::kFloat64), s = sharpen(p);
  for (int64_t i = 0; i < p.size(0); ++i) EXPECT_NEAR(s[i].item<double>(), sharpened(p[i].item<double>()), 1e-14);
  EXPECT_NEAR(s[3].item<double>(), 0.5, 1e-14);
  EXPECT_LT(s[2].item<double>(), 0.02);
  EXPECT_LT(testing::largest_difference(sharpen(p) + sharpen(1 - p), torch::ones_like(p)), 1e-14);
  EXPECT_LT(testing::largest_difference(sharpen(p, 1.0), p), 1e-14);
}

TEST(Consistency, SumsOverOrderedPairs) {
  torch::manual_seed(6);
  std::vector<torch::Tensor> p;
  for (int i = 0; i < 3; ++i) p.push_back(torch::softmax(torch::randn({2, 3, 2, 2, 3}, torch::kFloat64), 1));
  for (const size_t decoders : {2u, 3u}) {
    const std::vector<torch::Tensor> given(p.begin(), p.begin() + static_cast<int64_t>(decoders));
    double expected = 0;
    for (size_t i = 0; i < decoders; ++i)
      for (size_t j = 0; j < decoders; ++j) {
        if (i == j) continue;
        const auto a = testing::row_of(p[i]), b = testing::row_of(p[j]);
        double sum = 0;
        for (size_t v = 0; v < a.size(); ++v) sum += std::pow(a[v] - sharpened(b[v]), 2);
        expected += sum / static_cast<double>(a.size());
      }
    EXPECT_NEAR(mutual_consistency(given).item<double>(), expected, 1e-13);
  }
}

TEST(Consistency, GradientsEqualCentralDifferencesThroughBothArguments) {
  torch::manual_seed(7);
  const torch::Tensor a = torch::randn({1, 3, 2, 2, 2}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor b = torch::randn({1, 3, 2, 2, 2}, torch::kFloat64).requires_grad_(true);
  const auto both = testing::check_gradients([&] { return mutual_consistency({torch::softmax(a, 1), torch::softmax(b, 1)}); },
                                             {{"a", a}, {"b", b}});
  EXPECT_LT(both.error, 1e-6) << both;
  const auto one = testing::check_gradients([&] { return sharpen(torch::sigmoid(a)).square().sum(); }, {{"a", a}});
  EXPECT_LT(one.error, 1e-6) << one;
}

TEST(Consistency, CertainPredictionsHaveFiniteGradients) {
  const torch::Tensor p = torch::tensor({0.0, 1.0, 0.5}).requires_grad_(true);
  sharpen(p).sum().backward();
  EXPECT_TRUE(torch::isfinite(p.grad()).all().item<bool>());
}

TEST(Ramps, GaussianRamp) {
  EXPECT_NEAR(gaussian_ramp(0, 40), std::exp(-5), 1e-15);
  EXPECT_NEAR(gaussian_ramp(20, 40), std::exp(-5 * 0.25), 1e-15);
  EXPECT_EQ(gaussian_ramp(40, 40), 1);
  EXPECT_EQ(gaussian_ramp(100, 40), 1);  // stays
  EXPECT_EQ(gaussian_ramp(-3, 40), gaussian_ramp(0, 40));
  EXPECT_EQ(gaussian_ramp(0, 0), 1);
  for (int t = 1; t <= 40; ++t) EXPECT_GT(gaussian_ramp(t, 40), gaussian_ramp(t - 1, 40));
}

TEST(Ramps, PublishedRampCountsEpochsOf150Iterations) {
  EXPECT_EQ(published_ramp(149, 200), gaussian_ramp(0, 200));
  EXPECT_EQ(published_ramp(150, 200), gaussian_ramp(1, 200));
  EXPECT_EQ(published_ramp(30'000, 200), 1);
  EXPECT_NEAR(published_ramp(1'500, 200) * 0.1, 0.0011, 5e-5);  // why short runs count in fractions
}

}  // namespace tss::consistency_test
