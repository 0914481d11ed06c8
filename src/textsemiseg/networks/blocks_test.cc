#include "textsemiseg/networks/blocks.h"

#include <gtest/gtest.h>

namespace tss::blocks_test {

TEST(Blocks, KaimingNormalHasTheVarianceOfItsFan) {
  torch::manual_seed(1);
  torch::nn::Sequential net(torch::nn::Conv3d(torch::nn::Conv3dOptions(16, 64, 3)),
                            torch::nn::ConvTranspose3d(torch::nn::ConvTranspose3dOptions(64, 32, 2)), torch::nn::Linear(8, 8));
  auto before = net->named_parameters();
  const torch::Tensor bias = before["0.bias"].clone(), linear = before["2.weight"].clone();
  kaiming_normal(*net);
  const auto spread = [&](const char* name) { return net->named_parameters()[name].std().item<double>(); };
  EXPECT_NEAR(spread("0.weight") / std::sqrt(2.0 / (16 * 27)), 1, 0.03);
  EXPECT_NEAR(spread("1.weight") / std::sqrt(2.0 / (32 * 8)), 1, 0.03);  // the fan of the stored shape, [in, out, 2, 2, 2]
  EXPECT_TRUE(torch::equal(net->named_parameters()["0.bias"], bias));
  EXPECT_TRUE(torch::equal(net->named_parameters()["2.weight"], linear));
}

TEST(Blocks, HalfPrecisionIsWidenedOnly) {
  EXPECT_EQ(full_precision(torch::ones(2, torch::kBFloat16)).scalar_type(), torch::kFloat32);
  EXPECT_EQ(full_precision(torch::ones(2, torch::kHalf)).scalar_type(), torch::kFloat32);
  EXPECT_EQ(full_precision(torch::ones(2, torch::kFloat64)).scalar_type(), torch::kFloat64);
}

TEST(Blocks, NormalisationsInSequence) {
  EXPECT_EQ(convolutions(2, 3, 4, "batch")->size(), 6u);
  EXPECT_EQ(convolutions(2, 3, 4, "instance")->size(), 6u);
  EXPECT_EQ(convolutions(2, 3, 4, "none")->size(), 4u);
  EXPECT_EQ(convolutions(1, 3, 4, "batch")->parameters().size(), 4u);
  EXPECT_EQ(convolutions(1, 3, 4, "instance")->parameters().size(), 2u);
}

}  // namespace tss::blocks_test
