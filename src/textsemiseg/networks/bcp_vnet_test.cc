#include "textsemiseg/networks/bcp_vnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/networks.h"
#include "support/testing.h"

namespace tss::bcp_vnet_test {

using testing::small_vnet;

TEST(BcpVNet, HasThePublishedNumberOfParameters) { EXPECT_EQ(testing::parameter_count(*BcpVNet(VNetOptions{})), 9'457'318); }

TEST(BcpVNet, LogitsAreThoseOfTheVNetItIs) {
  torch::manual_seed(1);
  BcpVNet net(small_vnet(3));
  net->eval();
  const torch::Tensor x = torch::randn({1, 1, 12, 20, 13});
  const auto out = net->forward_released(x);
  EXPECT_TRUE(torch::equal(out.logits, net->forward(x)[0]));
  EXPECT_EQ(out.pooled_deepest.sizes(), (std::vector<int64_t>{1, 8, 1, 2, 1}));
}

TEST(BcpVNet, UnusedHeadsGetNoGradient) {
  torch::manual_seed(2);
  BcpVNet net(small_vnet());
  net->forward(torch::randn({2, 1, 12, 12, 12}))[0].sum().backward();
  for (const auto& parameter : net->named_parameters()) {
    const bool used = parameter.key().starts_with("encoder") || parameter.key().starts_with("decoder");
    EXPECT_EQ(parameter.value().grad().defined(), used) << parameter.key();
  }
}

TEST(BcpVNet, SmallPatchesHaveNothingToPool) {
  BcpVNet net(small_vnet());
  EXPECT_THAT(testing::input_error_of([&] { net->forward_released(torch::randn({2, 1, 12, 8, 12})); }),
              ::testing::HasSubstr("patch: gives a deepest feature of 2 voxels; expected at least 3 (a side above 8)"));
}

}  // namespace tss::bcp_vnet_test
