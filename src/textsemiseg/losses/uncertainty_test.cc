#include "textsemiseg/losses/uncertainty.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::uncertainty_test {

using testing::largest_difference;

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

TEST(Uncertainty, EntropyIsLargestWhereAllClassesAreEqual) {
  const torch::Tensor even = torch::full({1, 4, 1, 1, 2}, 0.25, torch::kFloat64);
  EXPECT_EQ(entropy(even).sizes(), (std::vector<int64_t>{1, 1, 1, 1, 2}));
  EXPECT_NEAR(entropy(even)[0][0][0][0][1].item<double>(), std::log(4.0), 1e-5);
  torch::Tensor certain = torch::zeros_like(even);
  certain.select(1, 2).fill_(1);
  EXPECT_NEAR(entropy(certain).max().item<double>(), 0, 1e-5);
}

// The fake network reports how many samples it saw and how far they are from x.
TEST(Uncertainty, MeanPredictionAveragesPassesOverTwoNoisedCopies) {
  torch::manual_seed(1);
  const torch::Tensor x = draw({2, 1, 3, 3, 3});
  std::vector<torch::Tensor> probabilities, inputs;
  const auto network = [&](const torch::Tensor& noised) {
    inputs.push_back(noised);
    const torch::Tensor z = draw({noised.size(0), 3, 3, 3, 3});
    probabilities.push_back(torch::softmax(z, 1));
    return z;
  };
  const torch::Tensor mean = mean_prediction(network, x, {});
  ASSERT_EQ(inputs.size(), 4u);
  torch::Tensor expected = torch::zeros({2, 3, 3, 3, 3}, torch::kFloat64);
  for (size_t pass = 0; pass < 4; ++pass) {
    EXPECT_LE((inputs[pass] - torch::cat({x, x})).abs().max().item<double>(), 0.2 + 1e-12);
    EXPECT_GT(largest_difference(inputs[pass].narrow(0, 0, 2), inputs[pass].narrow(0, 2, 2)), 1e-3) << "noised apart";
    for (int64_t copy = 0; copy < 2; ++copy) expected += probabilities[pass].narrow(0, 2 * copy, 2) / 8;
  }
  EXPECT_LT(largest_difference(mean, expected), 1e-14);
  EXPECT_FALSE(mean.requires_grad());
}

TEST(Uncertainty, ThresholdGrowsToTheLargestEntropy) {
  EXPECT_NEAR(certainty_threshold(0, 100, 2), (0.75 + 0.25 * std::exp(-5)) * std::log(2), 1e-15);
  EXPECT_NEAR(certainty_threshold(100, 100, 3), std::log(3), 1e-15);
}

TEST(Uncertainty, MaskedConsistencyIsItsSum) {
  torch::manual_seed(2);
  const torch::Tensor p = draw({2, 3, 2, 3, 2}).requires_grad_(true), q = draw({2, 3, 2, 3, 2}).requires_grad_(true);
  const torch::Tensor mask = (draw({2, 1, 2, 3, 2}) > 0).to(torch::kFloat64);
  double sum = 0, certain = 0;
  const auto a = testing::row_of(p), b = testing::row_of(q), m = testing::row_of(mask);
  for (size_t n = 0; n < 2; ++n)
    for (size_t v = 0; v < 12; ++v) {
      certain += m[n * 12 + v];
      for (size_t c = 0; c < 3; ++c) sum += m[n * 12 + v] * std::pow(a[(n * 3 + c) * 12 + v] - b[(n * 3 + c) * 12 + v], 2);
    }
  EXPECT_NEAR(masked_consistency(p, q, mask).item<double>(), sum / (3 * certain), 1e-14);
  EXPECT_EQ(masked_consistency(p, q, torch::zeros_like(mask)).item<double>(), 0) << "nothing is certain";
  const auto check = testing::check_gradients([&] { return masked_consistency(p, q, mask); }, {{"p", p}, {"q", q}});
  EXPECT_LT(check.error, 1e-6) << check;
}

}  // namespace tss::uncertainty_test
