#include "textsemiseg/methods/released/two_task_text_vnet.h"

#include <gtest/gtest.h>

#include "support/networks.h"

namespace tss::two_task_text_vnet_test {

using testing::small_vnet;

MultiplanarOptions small_block(std::array<int64_t, 3> size) {
  MultiplanarOptions options;
  options.channels = 8;
  options.size = size;
  options.dimension = options.text_dimension = 16;
  options.dropout = 0;
  return options;
}

// At a deepest feature of 2^3, one token per plane.
TEST(TwoTaskTextVNet, HasThePublishedNumberOfParameters) {
  MultiplanarOptions block;
  block.size = block.patch = {2, 2, 2};
  block.released_parameters = true;
  EXPECT_EQ(testing::parameter_count(*TwoTaskTextVNet(VNetOptions{}, block)), 17'066'174);
}

TEST(TwoTaskTextVNet, ShapesForThreeClassesAndOddSides) {
  torch::manual_seed(1);
  TwoTaskTextVNet net(small_vnet(3), small_block({2, 2, 3}));
  net->eval();
  const torch::Tensor x = torch::randn({1, 1, 8, 7, 11}), text = torch::randn({3, 16});
  const auto out = net->forward(x, text);
  EXPECT_EQ(out.tasks.distance.sizes(), (std::vector<int64_t>{1, 2, 8, 7, 11}));
  EXPECT_EQ(out.tasks.logits.sizes(), (std::vector<int64_t>{1, 2, 8, 7, 11}));
  EXPECT_EQ(out.projected.sizes(), (std::vector<int64_t>{1, 16, 2, 2, 3}));
  EXPECT_TRUE(torch::equal(net->segmentation(x, text), out.tasks.logits));
}

TEST(TwoTaskTextVNet, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  TwoTaskTextVNet net(small_vnet(3), small_block({2, 1, 2}));
  const torch::Tensor text = torch::randn({3, 16}, torch::kFloat64).requires_grad_(true);
  const auto check = testing::check_network_gradients(net,
                                                      [&](TwoTaskTextVNet& n, const torch::Tensor& x) {
                                                        const auto out = n->forward(x, text);
                                                        return std::vector{out.tasks.distance, out.tasks.logits, out.projected};
                                                      },
                                                      1, {8, 4, 7}, {{"text", text}});
  EXPECT_LT(check.error, 1e-5) << check;
}

}  // namespace tss::two_task_text_vnet_test
