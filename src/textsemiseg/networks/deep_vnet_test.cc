#include "textsemiseg/networks/deep_vnet.h"

#include <gtest/gtest.h>

#include "support/networks.h"

namespace tss::deep_vnet_test {

using testing::parameter_count;

VNetOptions four_levels() {
  VNetOptions options;
  options.classes = 3;
  options.widths = {4, 6, 8, 8};
  options.depths = {1, 1, 1, 1};
  options.dropout = false;
  return options;
}

TEST(DeepVNet, IsThePlainNetworkWithoutHeads) {
  torch::manual_seed(1);
  DeepVNet deep(four_levels(), false);
  torch::manual_seed(1);
  VNet plain(four_levels(), std::vector{UpSampling::kTransposed});
  EXPECT_EQ(parameter_count(*deep), parameter_count(*plain));
  const torch::Tensor x = torch::randn({2, 1, 16, 8, 9});
  deep->eval();
  plain->eval();
  const auto levels = deep->forward_levels(x);
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_TRUE(torch::equal(levels[0], plain->forward_one(x, 0)));
}

// Three decoder levels; the coarsest has no head. Sides that are no multiples are cut where the voxels of every second one end.
TEST(DeepVNet, HasALogitForEverySecondVoxelOfLevelOne) {
  torch::manual_seed(2);
  DeepVNet network(four_levels(), true);
  EXPECT_EQ(parameter_count(*network), parameter_count(*VNet(four_levels(), std::vector{UpSampling::kTransposed})) + 6 * 3 + 3);
  network->eval();
  const torch::Tensor x = torch::randn({2, 1, 16, 8, 9});
  const auto levels = network->forward_levels(x);
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[0].sizes(), (std::vector<int64_t>{2, 3, 16, 8, 9}));
  EXPECT_EQ(levels[1].sizes(), (std::vector<int64_t>{2, 3, 8, 4, 5}));
  EXPECT_TRUE(torch::equal(levels[0], network->forward_one(x, 0)));
}

TEST(DeepVNet, AffineInstanceNormHasTwoParametersAChannel) {
  VNetOptions options = four_levels();
  options.normalisation = "instance";
  const int64_t plain = parameter_count(*DeepVNet(options, false));
  options.normalisation = "instance_affine";
  // Encoder: 4 levels and 3 ways down; decoder: 3 ways up and 3 levels.
  EXPECT_EQ(parameter_count(*DeepVNet(options, false)), plain + 2 * (4 + 6 + 8 + 8 + 6 + 8 + 8 + 2 * (8 + 6 + 4)));
}

}  // namespace tss::deep_vnet_test
