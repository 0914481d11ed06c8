#include "textsemiseg/losses/mutual_correction.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::mutual_correction_test {

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

TEST(MutualCorrection, RectifiesWhereTheNetworksDisagree) {
  torch::manual_seed(1);
  for (const int64_t classes : {2, 3}) {
    const torch::Tensor a = draw({2, classes, 2, 3, 2}), b = draw({2, classes, 2, 3, 2});
    const torch::Tensor label = torch::randint(0, classes, {2, 2, 3, 2});
    const torch::Tensor where = disagreement(a, b), p = torch::softmax(a, 1);
    const torch::Tensor hard_a = testing::hard_labels(a), hard_b = testing::hard_labels(b);
    double sum = 0, count = 0;
    testing::for_voxels(label, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
      const bool differ = hard_a[n][i][j][k].item<int64_t>() != hard_b[n][i][j][k].item<int64_t>();
      EXPECT_EQ(where[n][i][j][k].item<double>(), differ ? 1 : 0);
      if (!differ) return;
      count += 1;
      for (int64_t c = 1; c < classes; ++c) {
        const double y = label[n][i][j][k].item<int64_t>() == c ? 1 : 0;
        sum += std::pow(p[n][c][i][j][k].item<double>() - y, 2) / static_cast<double>(classes - 1);
      }
    });
    ASSERT_GT(count, 0);
    EXPECT_NEAR(rectification_loss(p, label, where).item<double>(), sum / count, 1e-13);
    EXPECT_EQ(rectification_loss(p, label, torch::zeros_like(where)).item<double>(), 0) << "agreement everywhere";
  }
}

TEST(MutualCorrection, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  const torch::Tensor a = draw({1, 3, 2, 2, 2}).requires_grad_(true);
  const torch::Tensor where = disagreement(a.detach(), draw({1, 3, 2, 2, 2})), label = torch::randint(0, 3, {1, 2, 2, 2});
  const auto check = testing::check_gradients(
      [&] {
        return rectification_loss(torch::softmax(a, 1), label, where) + sharpen_over_classes(torch::softmax(a, 1)).square().sum();
      },
      {{"logits", a}});
  EXPECT_LT(check.error, 1e-6) << check;
}

TEST(MutualCorrection, SharpeningSumsToOneOverClasses) {
  const torch::Tensor sharp = sharpen_over_classes(torch::tensor({0.5, 0.3, 0.2}, torch::kFloat64).view({1, 3, 1, 1, 1}));
  const double sum = std::pow(0.5, 10) + std::pow(0.3, 10) + std::pow(0.2, 10);
  EXPECT_NEAR(sharp[0][1][0][0][0].item<double>(), std::pow(0.3, 10) / sum, 1e-14);
  EXPECT_NEAR(sharp.sum().item<double>(), 1, 1e-14);
}

}  // namespace tss::mutual_correction_test
