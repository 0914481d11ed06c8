#include "textsemiseg/modules/vclip_vnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/testing.h"

namespace tss::vclip_vnet_test {

using testing::small_vnet;

VclipOptions small_texts(const char* norm = "channels") {
  VclipOptions options;
  options.text_dimension = 6;
  options.projection_norm = norm;
  return options;
}

TEST(VclipVNet, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(testing::parameter_count(*VclipVNet(VNetOptions{}, VclipOptions{})), 16'857'142);
}

TEST(VclipVNet, ShapesForAnySideAndClassCount) {
  torch::manual_seed(1);
  VclipVNet net(small_vnet(3, 2), small_texts());
  net->eval();
  const torch::Tensor x = torch::randn({2, 2, 7, 9, 12}), text = torch::randn({3, 6});
  const VclipOutput out = net->forward(x, text);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(out.logits[i].sizes(), (std::vector<int64_t>{2, 3, 7, 9, 12}));
    EXPECT_EQ(out.projected[i].sizes(), (std::vector<int64_t>{2, 2 * 3 * 3, 6}));
    EXPECT_LT(testing::largest_difference(out.projected[i].norm(2, 2), torch::ones({2, 18})), 1e-5);
  }
  EXPECT_EQ(out.class_weights.sizes(), (std::vector<int64_t>{2, 2, 3, 3, 3}));
  EXPECT_LT(testing::largest_difference(out.class_weights.sum(-1), torch::ones({2, 2, 3, 3})), 1e-5);
  EXPECT_TRUE(torch::equal(net->forward_first(x, text), out.logits[0]));
  // The labels of these positions.
  EXPECT_EQ(at_deepest_positions(out.logits[0].argmax(1), net->block()).sizes(), (std::vector<int64_t>{2, 18}));
}

// Unlike in the multiplanar block, a text acts as the class it belongs to.
TEST(VclipVNet, OrderOfTheTextsMatters) {
  torch::manual_seed(2);
  VclipVNet net(small_vnet(), small_texts());
  net->eval();
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8}), text = torch::randn({2, 6});
  EXPECT_GT(testing::largest_difference(net->forward_first(x, text), net->forward_first(x, text.flip({0}))), 1e-6);
}

TEST(VclipVNet, ReleasedProjectionsAreNormalisedAlongDepth) {
  torch::manual_seed(3);
  VclipVNet net(small_vnet(), small_texts("depth"));
  net->eval();
  const torch::Tensor projected = net->forward(torch::randn({1, 1, 8, 8, 12}), torch::randn({2, 6})).projected[1];
  const torch::Tensor grid = projected.transpose(1, 2).reshape({1, 6, 2, 2, 3});
  EXPECT_LT(testing::largest_difference(grid.norm(2, -1), torch::ones({1, 6, 2, 2})), 1e-5);
}

TEST(VclipVNet, GradientsEqualCentralDifferences) {
  torch::manual_seed(4);
  VclipVNet net(small_vnet(3), small_texts());
  const torch::Tensor text = torch::randn({3, 6}, torch::kFloat64).requires_grad_(true);
  const auto check = testing::check_network_gradients(net,
                                                      [&](VclipVNet& n, const torch::Tensor& x) {
                                                        const VclipOutput out = n->forward(x, text);
                                                        return std::vector{out.logits[0], out.logits[1], out.projected[0],
                                                                           out.projected[1], out.class_weights};
                                                      },
                                                      1, {8, 4, 7}, {{"text", text}});
  EXPECT_LT(check.error, 1e-5) << check;
}

TEST(VclipVNet, PositionsAreEveryBlockthVoxel) {
  const torch::Tensor label = torch::arange(5 * 4 * 7).view({1, 5, 4, 7});
  EXPECT_TRUE(torch::equal(at_deepest_positions(label, 4), torch::tensor({{0, 4, 4 * 28, 4 * 28 + 4}}, torch::kInt64)));
}

TEST(VclipVNet, ErrorsNameTheField) {
  EXPECT_THAT(testing::input_error_of([] { VclipVNet(small_vnet(), small_texts("voxels")); }),
              ::testing::HasSubstr("vclip_seg.projection_norm: found 'voxels'; expected channels or depth"));
}

}  // namespace tss::vclip_vnet_test
