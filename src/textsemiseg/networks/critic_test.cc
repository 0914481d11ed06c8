#include "textsemiseg/networks/critic.h"

#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include "support/networks.h"

namespace tss::critic_test {

TEST(Critic, HasTheParametersOfItsLayers) {
  const auto convolution = [](int64_t in, int64_t out) { return 27 * in * out + out; };
  const int64_t rest = convolution(16, 32) + convolution(32, 64) + convolution(64, 96) + convolution(96, 128) + 128 * 2 + 2;
  EXPECT_EQ(testing::parameter_count(*Critic(1)), 2 * convolution(1, 16) + rest);
  EXPECT_EQ(testing::parameter_count(*Critic(3, 2)), convolution(3, 16) + convolution(2, 16) + rest);
}

TEST(Critic, TwoLogitsForAnySide) {
  Critic critic(2, 3);
  for (const auto& sides : {std::vector<int64_t>{1, 1, 1}, {5, 33, 20}})
    EXPECT_EQ(
        critic->forward(torch::rand({2, 3, sides[0], sides[1], sides[2]}), torch::randn({2, 2, sides[0], sides[1], sides[2]}))
            .sizes(),
        (std::vector<int64_t>{2, 2}));
}

TEST(Critic, IsTheSameUnderAutocast) {
  torch::manual_seed(2);
  Critic critic(1);
  const torch::Tensor mask = torch::rand({4, 1, 32, 48, 32}), image = torch::randn({4, 1, 32, 48, 32});
  torch::NoGradGuard no_grad;
  const torch::Tensor expected = critic->forward(mask, image);
  at::autocast::set_autocast_enabled(torch::kCPU, true);
  at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
  const torch::Tensor got = critic->forward(mask, image);
  EXPECT_TRUE(at::autocast::is_autocast_enabled(torch::kCPU));
  at::autocast::set_autocast_enabled(torch::kCPU, false);
  EXPECT_TRUE(torch::equal(got, expected));
}

TEST(Critic, GradientsReachTheMaskAndTheImage) {
  torch::manual_seed(1);
  Critic critic(2, 1);
  const torch::Tensor mask = torch::rand({2, 1, 9, 10, 17}, torch::kFloat64).requires_grad_(true);
  const auto check = testing::check_network_gradients(
      critic, [&](Critic& c, const torch::Tensor& x) { return std::vector{c->forward(mask, x)}; }, 2, {9, 10, 17},
      {{"mask", mask}});
  EXPECT_LT(check.error, 1e-5) << check;
}

}  // namespace tss::critic_test
