#include "textsemiseg/networks/unet3d.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"

namespace tss::unet3d_test {

using testing::parameter_count;
using testing::small_vnet;

TEST(UNet3d, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(parameter_count(*UNet3d(VNetOptions{})), 5'884'050);
  EXPECT_EQ(parameter_count(*PyramidUNet(VNetOptions{})), 5'884'504);
}

// The V-Net's own head stands in for the finest one.
TEST(PyramidVNet, AddsAHeadPerCoarserLevelToAVNet) {
  EXPECT_EQ(parameter_count(*PyramidVNet(VNetOptions{})), 9'448'866 + 2 * (32 + 64 + 128) + 3 * 2);
}

template <class Net>
class Pyramid : public ::testing::Test {};
using Pyramids = ::testing::Types<PyramidUNet, PyramidVNet>;
TYPED_TEST_SUITE(Pyramid, Pyramids);

TYPED_TEST(Pyramid, EveryLevelAtFullSizeForAnySide) {
  torch::manual_seed(1);
  VNetOptions options = small_vnet(3, 2);
  options.widths = {4, 6, 8, 10};
  options.depths = {1, 1, 1, 1};
  TypeParam net(options);
  net->eval();
  const torch::Tensor x = torch::randn({1, 2, 9, 16, 13});
  const auto logits = net->forward(x);
  ASSERT_EQ(logits.size(), 3u);
  for (const auto& one : logits) EXPECT_EQ(one.sizes(), (std::vector<int64_t>{1, 3, 9, 16, 13}));
  EXPECT_TRUE(torch::equal(net->forward_finest(x), logits[0]));
}

// align_corners = false, factor 2: the border voxel is sample 0 itself, voxels 1 and 2 are 3/4 and 1/4 of it, the rest of sample 1.
TYPED_TEST(Pyramid, CoarserMapsAreTrilinear) {
  torch::manual_seed(2);
  TypeParam net(small_vnet());
  net->eval();
  const torch::Tensor coarse = net->forward(torch::randn({1, 1, 8, 8, 8}))[1];
  const torch::Tensor first = coarse.select(2, 0), second = 4 * coarse.select(2, 1) - 3 * first;
  EXPECT_LT(testing::largest_difference(coarse.select(2, 2), 0.25 * first + 0.75 * second), 1e-5);
}

TYPED_TEST(Pyramid, GradientsEqualCentralDifferences) {
  torch::manual_seed(3);
  TypeParam net(small_vnet(3));
  const auto check =
      testing::check_network_gradients(net, [](TypeParam& n, const torch::Tensor& x) { return n->forward(x); }, 1, {8, 8, 7});
  EXPECT_LT(check.error, 1e-5) << check;
}

TYPED_TEST(Pyramid, DropoutActsInTrainingOnly) {
  torch::manual_seed(4);
  VNetOptions options = small_vnet();
  options.dropout = true;
  TypeParam net(options);
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8});
  EXPECT_FALSE(torch::equal(net->forward(x)[0], net->forward(x)[0]));
  net->eval();
  EXPECT_TRUE(torch::equal(net->forward(x)[0], net->forward(x)[0]));
}

// Rates by level: the released ones from the finest on.
TEST(PyramidUNet, DropoutRatesGrowWithDepth) {
  std::vector<double> rates;
  for (const auto& child : PyramidUNet(VNetOptions{})->modules(false))
    if (auto* one = child->as<torch::nn::Dropout3d>()) rates.push_back(one->options.p());
  EXPECT_EQ(rates, (std::vector<double>{0.5, 0.3, 0.2, 0.1}));
}

TEST(UNet3d, AnySideAndDropout) {
  torch::manual_seed(5);
  VNetOptions options = small_vnet(3, 2);
  options.dropout = true;
  UNet3d net(options);
  const torch::Tensor x = torch::randn({1, 2, 7, 8, 9});
  EXPECT_EQ(net->forward(x).sizes(), (std::vector<int64_t>{1, 3, 7, 8, 9}));
  EXPECT_FALSE(torch::equal(net->forward(x), net->forward(x)));
  net->eval();
  EXPECT_TRUE(torch::equal(net->forward(x), net->forward(x)));
}

TEST(UNet3d, GradientsEqualCentralDifferences) {
  torch::manual_seed(6);
  UNet3d net(small_vnet(3));
  const auto check = testing::check_network_gradients(
      net, [](UNet3d& n, const torch::Tensor& x) { return std::vector{n->forward(x)}; }, 1, {8, 8, 7});
  EXPECT_LT(check.error, 1e-5) << check;
}

}  // namespace tss::unet3d_test
