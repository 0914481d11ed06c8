#include "textsemiseg/networks/vnet.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/testing.h"

namespace tss::vnet_test {

using ::testing::HasSubstr;
using testing::input_error_of;
using testing::largest_difference;
using testing::parameter_count;
using testing::small_vnet;

const std::vector<UpSampling> kOne = {UpSampling::kTransposed};
const std::vector<UpSampling> kTwo = {UpSampling::kTransposed, UpSampling::kTrilinear};
const std::vector<UpSampling> kThree = {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest};

// Counts of the released networks.
TEST(VNet, HasThePublishedNumberOfParameters) {
  EXPECT_EQ(parameter_count(*VNet(VNetOptions{}, kOne)), 9'448'866);
  EXPECT_EQ(parameter_count(*VNet(VNetOptions{}, kTwo)), 12'347'716);    // MC-Net
  EXPECT_EQ(parameter_count(*VNet(VNetOptions{}, kThree)), 15'246'566);  // MC-Net+
  EXPECT_EQ(parameter_count(*VNetEncoder(VNetOptions{})), 7'376'896);    // of Text-SemiSeg
  VNetOptions pancreas;
  pancreas.normalisation = "instance";
  EXPECT_EQ(parameter_count(*VNet(pancreas, kOne)), 9'443'266);  // of BCP
}

// A convolution of 3^3 with its batch norm holds 27 in out + 3 out numbers.
TEST(VNet, WidthsAndDepthsAreConfigurable) {
  VNetOptions options;
  options.in_channels = 2;
  options.classes = 3;
  options.widths = {5, 7};
  options.depths = {2, 3};
  const auto block = [](int64_t in, int64_t out, int64_t volume) { return volume * in * out + 3 * out; };
  const int64_t encoder = block(2, 5, 27) + block(5, 5, 27) + block(5, 7, 8) + 3 * block(7, 7, 27);
  const int64_t decoder = block(7, 5, 8) + 2 * block(5, 5, 27) + 5 * 3 + 3;
  VNet net(options, kOne);
  EXPECT_EQ(parameter_count(*net), encoder + decoder);
  const auto logits = net->forward(torch::randn({2, 2, 4, 6, 8}));
  ASSERT_EQ(logits.size(), 1u);
  EXPECT_EQ(logits[0].sizes(), (std::vector<int64_t>{2, 3, 4, 6, 8}));
  EXPECT_EQ(options.side_multiple(), 2);
}

TEST(VNet, EncoderHalvesTheSidesAtEveryLevel) {
  const Skips skips = VNetEncoder(small_vnet())->forward(torch::randn({1, 1, 8, 12, 4}));
  ASSERT_EQ(skips.size(), 3u);
  EXPECT_EQ(skips[0].sizes(), (std::vector<int64_t>{1, 4, 8, 12, 4}));
  EXPECT_EQ(skips[1].sizes(), (std::vector<int64_t>{1, 8, 4, 6, 2}));
  EXPECT_EQ(skips[2].sizes(), (std::vector<int64_t>{1, 8, 2, 3, 1}));
}

class AnySide : public ::testing::TestWithParam<std::vector<int64_t>> {};

TEST_P(AnySide, EqualsTheNetOnAnInputPaddedByHand) {
  torch::manual_seed(1);
  VNetOptions options;
  options.widths = {4, 4, 4, 4, 4};
  VNet net(options, kTwo);
  net->eval();
  torch::NoGradGuard no_grad;
  const auto sides = GetParam();
  const torch::Tensor x = torch::randn({1, 1, sides[0], sides[1], sides[2]});
  const auto up = [](int64_t side) { return (side + 15) / 16 * 16; };
  torch::Tensor padded = torch::zeros({1, 1, up(sides[0]), up(sides[1]), up(sides[2])});
  padded.narrow(2, 0, sides[0]).narrow(3, 0, sides[1]).narrow(4, 0, sides[2]).copy_(x);
  const auto logits = net->forward(x), expected = net->forward(padded);
  for (size_t i = 0; i < 2; ++i) {
    ASSERT_EQ(logits[i].sizes(), (std::vector<int64_t>{1, 2, sides[0], sides[1], sides[2]}));
    EXPECT_TRUE(torch::equal(logits[i], expected[i].narrow(2, 0, sides[0]).narrow(3, 0, sides[1]).narrow(4, 0, sides[2])));
    EXPECT_TRUE(torch::equal(net->forward_one(x, i), logits[i]));
  }
}

INSTANTIATE_TEST_SUITE_P(Sides, AnySide,
                         ::testing::Values(std::vector<int64_t>{20, 33, 17}, std::vector<int64_t>{16, 16, 32},
                                           std::vector<int64_t>{1, 5, 15}));

TEST(VNet, PadsAtTheHighEndsOnlyWhereSomethingIsMissing) {
  const torch::Tensor x = torch::ones({1, 1, 3, 4, 5});
  const torch::Tensor padded = pad_to_multiple(x, 4);
  EXPECT_EQ(padded.sizes(), (std::vector<int64_t>{1, 1, 4, 4, 8}));
  EXPECT_EQ(padded.sum().item<double>(), 60);
  EXPECT_TRUE(torch::equal(crop_like(padded, x), x));
  EXPECT_TRUE(pad_to_multiple(padded, 4).is_same(padded));
}

TEST(VNet, DropoutActsInTrainingOnly) {
  torch::manual_seed(2);
  VNetOptions options = small_vnet();
  options.dropout = true;
  VNet net(options, kOne);
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8});
  EXPECT_FALSE(torch::equal(net->forward(x)[0], net->forward(x)[0]));
  net->eval();
  EXPECT_TRUE(torch::equal(net->forward(x)[0], net->forward(x)[0]));
}

// Autocast chooses bfloat16 for the convolutions; losses want more.
TEST(VNet, LogitsAreSinglePrecisionUnderAutocast) {
  VNet net(small_vnet(), kOne);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const auto type = net->forward(torch::randn({1, 1, 8, 8, 8}))[0].scalar_type();
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_EQ(type, torch::kFloat32);
}

class VNetGradients : public ::testing::TestWithParam<UpSampling> {};

TEST_P(VNetGradients, EqualCentralDifferences) {
  torch::manual_seed(3);
  VNet net(small_vnet(3), std::vector{GetParam()});
  net->to(torch::kFloat64);
  net->train();
  const torch::Tensor x = torch::randn({2, 1, 4, 4, 8}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor weights = torch::randn({2, 3, 4, 4, 8}, torch::kFloat64);
  auto tensors = testing::parameters_of(*net);
  tensors.emplace_back("input", x);
  const auto check = testing::check_gradients([&] { return (weights * net->forward(x)[0]).sum(); }, tensors);
  EXPECT_LT(check.error, 1e-5) << check;
}

class VNetNormalisation : public ::testing::TestWithParam<const char*> {};

TEST_P(VNetNormalisation, GradientsEqualCentralDifferences) {
  torch::manual_seed(4);
  VNetOptions options = small_vnet(3, 2);
  options.normalisation = GetParam();
  VNet net(options, kTwo);
  const auto check =
      testing::check_network_gradients(net, [](VNet& n, const torch::Tensor& x) { return n->forward(x); }, 2, {8, 8, 5});
  EXPECT_LT(check.error, 1e-5) << check;
}

INSTANTIATE_TEST_SUITE_P(Kinds, VNetNormalisation, ::testing::Values("batch", "instance", "none"));

// Each sample by itself, and the same in both modes.
TEST(VNet, InstanceNormKnowsNoBatch) {
  torch::manual_seed(5);
  VNetOptions options = small_vnet();
  options.normalisation = "instance";
  VNet net(options, kOne);
  const torch::Tensor x = torch::randn({2, 1, 8, 8, 8});
  const torch::Tensor both = net->forward(x)[0], first = net->forward(x.narrow(0, 0, 1))[0];
  EXPECT_LT(largest_difference(both.narrow(0, 0, 1), first), 1e-5);
  net->eval();
  EXPECT_LT(largest_difference(net->forward(x)[0], both), 1e-5);
  EXPECT_TRUE(net->buffers().empty());
  EXPECT_TRUE(
      torch::isfinite(net->forward(torch::ones({1, 1, 4, 4, 4}))[0]).all().item<bool>());  // one deepest voxel, no variance
}

TEST(VNet, FeaturesAreWhatTheHeadReads) {
  torch::manual_seed(6);
  VNet net(small_vnet(3), kTwo);
  net->eval();
  const torch::Tensor x = torch::randn({1, 1, 7, 8, 9});
  const auto logits = net->forward(x);
  const auto outputs = net->forward_features(x);
  auto parameters = net->named_parameters();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(torch::equal(outputs[i].logits, logits[i]));
    EXPECT_EQ(outputs[i].feature.sizes(), (std::vector<int64_t>{1, 4, 7, 8, 9}));
    const std::string head = "decoder" + std::to_string(i + 1) + ".out_conv.";
    const torch::Tensor again = torch::conv3d(outputs[i].feature, parameters[head + "weight"], parameters[head + "bias"]);
    EXPECT_LT(largest_difference(again, logits[i]), 1e-5);
  }
}

TEST(VNet, DecoderLevelsRunFromFineToCoarse) {
  torch::manual_seed(7);
  VNetEncoder encoder(small_vnet());
  VNetDecoder decoder(small_vnet(), UpSampling::kNearest, 0);
  decoder->eval();
  const Skips skips = encoder->forward(torch::randn({1, 1, 8, 12, 4}));
  const auto levels = decoder->levels(skips);
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[0].sizes(), (std::vector<int64_t>{1, 4, 8, 12, 4}));
  EXPECT_EQ(levels[1].sizes(), (std::vector<int64_t>{1, 8, 4, 6, 2}));
  const DecoderOutput out = decoder->forward(skips);
  EXPECT_TRUE(torch::equal(levels[0], out.feature));
  EXPECT_FALSE(out.logits.defined());
}

INSTANTIATE_TEST_SUITE_P(UpSamplings, VNetGradients,
                         ::testing::Values(UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest));

TEST(VNetOptions, ErrorsNameTheField) {
  const auto error = [](const auto& change) {
    VNetOptions options;
    change(options);
    return input_error_of([&] { VNet(options, kOne); });
  };
  EXPECT_THAT(error([](auto& o) { o.widths = {16}; }), HasSubstr("network.widths: has 1 levels; expected 2 to 7"));
  EXPECT_THAT(error([](auto& o) { o.widths.assign(8, 4); }), HasSubstr("network.widths: has 8 levels"));
  EXPECT_THAT(error([](auto& o) { o.depths = {1, 2}; }), HasSubstr("network.depths: has 2 entries; expected 5"));
  EXPECT_THAT(error([](auto& o) { o.widths[2] = 0; }), HasSubstr("network.widths: found 0"));
  EXPECT_THAT(error([](auto& o) { o.depths[4] = -1; }), HasSubstr("network.depths: found -1"));
  EXPECT_THAT(error([](auto& o) { o.normalisation = "group"; }),
              HasSubstr("network.normalisation: found 'group'; expected batch, instance, instance_affine or none"));
  EXPECT_THAT(error([](auto& o) { o.in_channels = 0; }), HasSubstr("network.in_channels: found 0"));
  EXPECT_THAT(error([](auto& o) { o.classes = 0; }), HasSubstr("network.classes: found 0"));
  EXPECT_EQ(error([](auto&) {}), "no error");
}

}  // namespace tss::vnet_test
