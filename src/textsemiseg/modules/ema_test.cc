#include "textsemiseg/modules/ema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/networks.h"
#include "support/testing.h"

namespace tss::ema_test {

const std::vector<UpSampling> kOne = {UpSampling::kTransposed};

TEST(Ema, FactorStartsWithACopy) {
  EXPECT_EQ(ema_factor(0), 0);
  EXPECT_EQ(ema_factor(1), 0.5);
  EXPECT_EQ(ema_factor(99), 0.99);
  EXPECT_EQ(ema_factor(5000), 0.99);
  EXPECT_EQ(ema_factor(5000, 0.999), 0.999);
}

TEST(Ema, MovesParametersAndLeavesRunningStatistics) {
  torch::manual_seed(1);
  VNet average(testing::small_vnet(), kOne), network(testing::small_vnet(), kOne);
  network->forward(torch::randn({2, 1, 8, 8, 8}));  // moves the network's running statistics
  std::map<std::string, torch::Tensor> before;
  for (const auto& item : average->named_parameters()) before[item.key()] = item.value().detach().clone();
  update_average(*average, *network, 0.75);
  auto theirs = network->named_parameters();
  for (const auto& item : average->named_parameters()) {
    EXPECT_TRUE(torch::allclose(item.value(), 0.75 * before[item.key()] + 0.25 * theirs[item.key()], 1e-6, 1e-7)) << item.key();
    EXPECT_TRUE(item.value().requires_grad());
  }
  EXPECT_EQ(average->named_buffers()["encoder.block_one.conv.1.running_mean"].abs().max().item<float>(), 0);
}

TEST(Ema, AveragesRunningStatisticsWhereAsked) {
  torch::manual_seed(1);
  VNet average(testing::small_vnet(), kOne), network(testing::small_vnet(), kOne);
  network->forward(torch::randn({2, 1, 8, 8, 8}));
  update_average(*average, *network, 0.75, Buffers::kAveraged);
  const auto own = average->named_buffers(), theirs = network->named_buffers();
  EXPECT_TRUE(
      torch::allclose(own["encoder.block_one.conv.1.running_mean"], 0.25 * theirs["encoder.block_one.conv.1.running_mean"]));
  EXPECT_TRUE(
      torch::equal(own["encoder.block_one.conv.1.num_batches_tracked"], theirs["encoder.block_one.conv.1.num_batches_tracked"]));
}

TEST(Ema, StartCopiesEverythingAndAsksForNoGradient) {
  torch::manual_seed(2);
  VNet average(testing::small_vnet(), kOne), network(testing::small_vnet(), kOne);
  network->forward(torch::randn({2, 1, 8, 8, 8}));
  start_average(*average, *network);
  auto parameters = network->named_parameters();
  auto buffers = network->named_buffers();
  for (const auto& item : average->named_parameters()) {
    EXPECT_TRUE(torch::equal(item.value(), parameters[item.key()]));
    EXPECT_FALSE(item.value().requires_grad());
    EXPECT_TRUE(parameters[item.key()].requires_grad());
  }
  for (const auto& item : average->named_buffers()) EXPECT_TRUE(torch::equal(item.value(), buffers[item.key()]));
}

TEST(Ema, OtherNetworksAreNamed) {
  VNet average(testing::small_vnet(3), kOne), network(testing::small_vnet(2), kOne);
  EXPECT_THAT(testing::input_error_of([&] { update_average(*average, *network, 0.5); }),
              ::testing::HasSubstr("average of decoder1.out_conv.weight: has shape [3, 4, 1, 1, 1]; expected [2, 4, 1, 1, 1]"));
}

}  // namespace tss::ema_test
