#include "textsemiseg/networks/residual_vnet.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/testing.h"

namespace tss::residual_vnet_test {

using testing::small_vnet;

TEST(ResidualVNet, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(testing::parameter_count(*ResidualVNet(VNetOptions{})), 17'930'354);
}

TEST(ResidualVNet, ScalesAndWidthsAreThoseOfAVNet) {
  const VNetOptions options = small_vnet(2, 3);
  const torch::Tensor x = torch::randn({2, 3, 8, 12, 4});
  const Skips residual = ResidualEncoder(options)->forward(x), plain = VNetEncoder(options)->forward(x);
  ASSERT_EQ(residual.size(), plain.size());
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(residual[i].sizes(), plain[i].sizes());
}

// In evaluation mode a new batch norm divides by sqrt(1 + eps) only, so that a block is two convolutions and a sum.
TEST(ResidualVNet, BasicBlockIsItsEquation) {
  torch::manual_seed(1);
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 3, 4, 5, 6}, torch::kFloat64);
  const double scale = 1 / std::sqrt(1 + 1e-5);
  for (const int64_t stride : {1, 2}) {
    BasicBlock block(3, stride == 1 ? 3 : 5, stride);
    block->to(torch::kFloat64);
    block->eval();
    auto p = block->named_parameters();
    const torch::Tensor inner = torch::relu(scale * torch::conv3d(x, p["conv1.weight"], {}, stride, 1));
    const torch::Tensor shortcut = stride == 1 ? x : scale * torch::conv3d(x, p["downsample.0.weight"], {}, stride);
    const torch::Tensor expected = torch::relu(scale * torch::conv3d(inner, p["conv2.weight"], {}, 1, 1) + shortcut);
    EXPECT_LT(testing::largest_difference(block->forward(x), expected), 1e-12);
    EXPECT_EQ(p.size(), stride == 1 ? 6u : 9u);
  }
}

TEST(ResidualVNet, AnySideAndClassCount) {
  torch::manual_seed(2);
  ResidualVNet net(small_vnet(3, 2));
  net->eval();
  const torch::Tensor x = torch::randn({1, 2, 7, 9, 12});
  EXPECT_EQ(net->forward(x).sizes(), (std::vector<int64_t>{1, 3, 7, 9, 12}));
  EXPECT_TRUE(torch::equal(net->forward(x), net->forward(x)));
}

TEST(ResidualVNet, GradientsEqualCentralDifferences) {
  torch::manual_seed(3);
  ResidualVNet net(small_vnet(3));
  const auto check = testing::check_network_gradients(
      net, [](ResidualVNet& n, const torch::Tensor& x) { return std::vector{n->forward(x)}; }, 1, {8, 4, 7});
  EXPECT_LT(check.error, 1e-5) << check;
}

TEST(ResidualVNet, HasBatchNormOnly) {
  VNetOptions options = small_vnet();
  options.normalisation = "none";
  EXPECT_THAT(testing::input_error_of([&] { ResidualVNet{options}; }),
              ::testing::HasSubstr("network.normalisation: found 'none'"));
}

TEST(ResidualEncoder, IsNearlyTheSameInHalfPrecision) {
  // A last axis of 16 comes down to one voxel, where strided bfloat16 convolutions go wrong on some processors.
  torch::manual_seed(4);
  ResidualEncoder encoder(VNetOptions{});
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({2, 1, 64, 64, 16});
  const torch::Tensor expected = encoder->forward(x).back();
  at::autocast::set_autocast_enabled(torch::kCPU, true);
  at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
  const torch::Tensor got = encoder->forward(x).back().to(torch::kFloat32);
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(torch::kCPU, false);
  EXPECT_LT((got - expected).norm().item<double>(), 0.1 * expected.norm().item<double>());
}

}  // namespace tss::residual_vnet_test
