#include "textsemiseg/networks/two_task_vnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/networks.h"
#include "support/testing.h"

namespace tss::two_task_vnet_test {

using testing::small_vnet;

TEST(TwoTaskVNet, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(testing::parameter_count(*TwoTaskVNet(VNetOptions{})), 9'448'866);
}

TEST(TwoTaskVNet, OneChannelPerForegroundClassAtAnySide) {
  torch::manual_seed(1);
  for (const int64_t classes : {2, 3, 5}) {
    TwoTaskVNet net(small_vnet(classes, 2));
    net->eval();
    const torch::Tensor x = torch::randn({1, 2, 7, 9, 12});
    const TwoTaskOutput out = net->forward(x);
    EXPECT_EQ(out.distance.sizes(), (std::vector<int64_t>{1, classes - 1, 7, 9, 12}));
    EXPECT_EQ(out.logits.sizes(), out.distance.sizes());
    EXPECT_LE(out.distance.abs().max().item<double>(), 1);
    EXPECT_TRUE(torch::equal(net->segmentation(x), out.logits));
  }
}

TEST(TwoTaskVNet, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  TwoTaskVNet net(small_vnet(3));
  const auto check = testing::check_network_gradients(net,
                                                      [](TwoTaskVNet& n, const torch::Tensor& x) {
                                                        const auto out = n->forward(x);
                                                        return std::vector{out.distance, out.logits};
                                                      },
                                                      1, {8, 4, 7});
  EXPECT_LT(check.error, 1e-5) << check;
}

TEST(TwoTaskVNet, NeedsAForegroundClass) {
  EXPECT_THAT(testing::input_error_of([] { TwoTaskVNet(small_vnet(1)); }), ::testing::HasSubstr("network.classes: found 1"));
}

}  // namespace tss::two_task_vnet_test
