#include "textsemiseg/methods/released/text_decoder.h"

#include <gtest/gtest.h>

#include "support/networks.h"

namespace tss::text_decoder_test {

using testing::parameter_count;

MultiplanarOptions whole_planes(std::array<int64_t, 3> size, int64_t channels, int64_t dimension) {
  MultiplanarOptions options;
  options.channels = channels;
  options.size = options.patch = size;
  options.dimension = options.text_dimension = dimension;
  options.released_parameters = true;
  return options;
}

// The released network at its patch of 96^3 (deepest feature 6^3).
TEST(TextVNet, HasThePublishedNumberOfParameters) {
  TextVNet net(VNetOptions{}, whole_planes({6, 6, 6}, 256, 512));
  const auto parts = net->named_children();
  EXPECT_EQ(parameter_count(*parts["encoder"]), 7'376'896);
  EXPECT_EQ(parameter_count(*parts["decoder1"]), 34'879'661);
  EXPECT_EQ(parameter_count(*parts["decoder2"]), 35'706'541);
  EXPECT_EQ(parameter_count(*net), 77'963'098);
}

// With one and three decoders, for a deepest feature of 2^3.
TEST(TextVNet, TextVariantsOfOtherMethodsHaveThePublishedNumbers) {
  const auto block = whole_planes({2, 2, 2}, 256, 512);
  const std::vector ua_mt = {UpSampling::kTransposed};
  const std::vector mc_net_plus = {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest};
  EXPECT_EQ(parameter_count(*TextVNet(VNetOptions{}, block, ua_mt)), 17'066'157);
  EXPECT_EQ(parameter_count(*TextVNet(VNetOptions{}, block, mc_net_plus)), 38'098'439);
}

VNetOptions tiny() {
  VNetOptions options;
  options.widths = {4, 8, 8};
  options.depths = {1, 1, 1};
  return options;
}

TEST(TextVNet, ForwardFirstIsTheFirstDecoder) {
  torch::manual_seed(1);
  TextVNet net(tiny(), whole_planes({2, 2, 3}, 8, 16));
  net->eval();
  const torch::Tensor x = torch::randn({1, 1, 8, 7, 12}), text = torch::randn({2, 16});
  const auto out = net->forward(x, text);
  EXPECT_TRUE(torch::equal(net->forward_first(x, text), out.logits[0]));
  EXPECT_EQ(out.logits[1].sizes(), (std::vector<int64_t>{1, 2, 8, 7, 12}));
  EXPECT_EQ(out.features[1].sizes(), (std::vector<int64_t>{1, 16, 2, 2, 3}));
}

TEST(TextVNet, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  VNetOptions network = tiny();
  network.dropout = false;
  MultiplanarOptions block = whole_planes({1, 1, 2}, 8, 16);
  block.dropout = 0;
  TextVNet net(network, block);
  net->to(torch::kFloat64);
  const torch::Tensor x = torch::randn({2, 1, 4, 4, 8}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor text = torch::randn({2, 16}, torch::kFloat64);
  const torch::Tensor weights = torch::randn({2, 2, 4, 4, 8}, torch::kFloat64);
  testing::NamedTensors tensors = {{"input", x}};
  for (const auto& [name, parameter] : testing::parameters_of(*net)) tensors.emplace_back(name, parameter);
  const auto check = testing::check_gradients(
      [&] {
        const auto out = net->forward(x, text);
        return (weights * (out.logits[0] + 2 * out.logits[1])).sum() + out.features[0].square().sum() +
               out.features[1].square().sum();
      },
      tensors);
  EXPECT_LT(check.error, 1e-5) << check;
}

}  // namespace tss::text_decoder_test
