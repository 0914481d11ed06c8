#include "textsemiseg/losses/copy_paste.h"

#include <gtest/gtest.h>

#include <set>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::copy_paste_test {

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

TEST(CopyPaste, TheBoxIsZeroAndStaysInside) {
  torch::manual_seed(1);
  const Sides3 patch{7, 5, 4}, sides{4, 5, 3};
  std::set<int64_t> seen;
  for (int i = 0; i < 50; ++i) {
    const Sides3 corner = draw_box_corner(patch, sides);
    seen.insert(corner[0]);
    EXPECT_EQ(corner[1], 0);
    EXPECT_EQ(corner[2], 0);  // the upper end, 4 - 3 = 1, is excluded
    const torch::Tensor mask = outside_box(patch, corner, sides, torch::empty(0, torch::kFloat64));
    EXPECT_EQ(mask.sum().item<double>(), 7 * 5 * 4 - 4 * 5 * 3);
    EXPECT_EQ(mask[corner[0]][0][corner[2]].item<double>(), 0);
    EXPECT_EQ(mask[(corner[0] + 4) % 7][0][0].item<double>(), 1);
  }
  EXPECT_EQ(seen, (std::set<int64_t>{0, 1, 2}));
}

TEST(CopyPaste, PastesImagesAndLabels) {
  const torch::Tensor mask = outside_box({3, 3, 3}, {1, 0, 0}, {1, 2, 2}, torch::empty(0));
  const torch::Tensor a = torch::randn({2, 2, 3, 3, 3}), b = torch::randn({2, 2, 3, 3, 3});
  EXPECT_TRUE(torch::equal(paste(a, b, mask), a * mask + b * (1 - mask)));
  const torch::Tensor label = torch::full({2, 3, 3, 3}, 2, torch::kInt64);
  const torch::Tensor pasted = paste(torch::zeros_like(label), label, mask);
  EXPECT_EQ(pasted.scalar_type(), torch::kInt64);
  EXPECT_EQ(pasted.sum().item<int64_t>(), 2 * 2 * 4);
}

TEST(CopyPaste, LossIsItsSumVoxelByVoxel) {
  torch::manual_seed(2);
  for (const int64_t classes : {2, 3}) {
    const torch::Tensor z = draw({2, classes, 3, 4, 3}).requires_grad_(true), p = torch::softmax(z, 1).detach();
    const torch::Tensor mask = outside_box({3, 4, 3}, {0, 1, 1}, {2, 2, 2}, p);
    const torch::Tensor labels[] = {torch::randint(0, classes, {2, 3, 4, 3}), torch::randint(0, classes, {2, 3, 4, 3})};
    const double weights[] = {1, 0.5};
    double expected = 0;
    for (size_t part = 0; part < 2; ++part) {
      double ce = 0, voxels = 0, ratios = 0;
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t c = 0; c < classes; ++c) {
          double overlap = 0, sizes = 0;
          testing::for_voxels(p.narrow(0, n, 1), [&](int64_t, int64_t i, int64_t j, int64_t k) {
            const double m = part == 0 ? mask[i][j][k].item<double>() : 1 - mask[i][j][k].item<double>();
            const double g = labels[part][n][i][j][k].item<int64_t>() == c ? 1 : 0, q = p[n][c][i][j][k].item<double>();
            overlap += q * g * m;
            sizes += (q + g) * m;
            ce -= g * m * std::log(q);
            voxels += g * m;
          });
          ratios += (2 * overlap + 1e-5) / (sizes + 1e-5) / static_cast<double>(2 * classes);
        }
      expected += 0.5 * weights[part] * (1 - ratios + ce / voxels);
    }
    const WeightedLabel background{labels[0], weights[0]}, patch{labels[1], weights[1]};
    EXPECT_NEAR(copy_paste_loss(z, background, patch, mask).item<double>(), expected, 1e-12);
    const auto check = testing::check_gradients([&] { return copy_paste_loss(z, background, patch, mask); }, {{"logits", z}});
    EXPECT_LT(check.error, 1e-6) << check;
  }
}

}  // namespace tss::copy_paste_test
