#include "textsemiseg/methods/urpc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/step_gradient.h"
#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/methods/registry.h"

namespace tss::urpc_test {

using namespace testing;

class UrpcClasses : public ::testing::TestWithParam<int64_t> {};

// The consistency itself is compared with loops in losses/pyramid_consistency_test.cc.
TEST_P(UrpcClasses, LossSupervisesEveryScaleAndComparesTheUnlabelledSamples) {
  torch::manual_seed(1);
  const int64_t classes = GetParam();
  std::vector<torch::Tensor> logits, unlabelled;
  double supervised = 0;
  const torch::Tensor label = torch::randint(classes, {2, 2, 3, 4}, torch::kInt64);
  for (int i = 0; i < 4; ++i) {
    logits.push_back(torch::randn({5, classes, 2, 3, 4}, torch::kFloat64));
    unlabelled.push_back(logits.back().narrow(0, 2, 3));
    supervised += segmentation_loss(logits.back().narrow(0, 0, 2), label) / 8;
  }
  const UrpcLoss loss = urpc_loss({}, logits, label, 499, 1000);
  const double weight = 0.1 * std::exp(-5 * 0.25), consistency = pyramid_consistency(unlabelled).loss.item<double>();
  EXPECT_NEAR(loss.supervised.item<double>(), supervised, 1e-12);
  EXPECT_NEAR(loss.consistency.loss.item<double>(), consistency, 1e-13);
  EXPECT_NEAR(loss.consistency_weight, weight, 1e-13);
  EXPECT_NEAR(loss.total.item<double>(), supervised + weight * consistency, 1e-12);
}

TEST_P(UrpcClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  const int64_t classes = GetParam();
  for (const char* backbone : {"vnet", "unet3d"}) {
    torch::manual_seed(2);
    UrpcOptions options;
    options.backbone = backbone;
    Urpc method(options, tiny_setup(classes));
    method.to(torch::kFloat64);
    const auto check = check_step_gradients(method, to_double(tiny_batch(1, 1, classes, {8, 12, 8})), 90, 100);
    EXPECT_LT(check.error, 1e-5) << backbone << ": " << check;
  }
}

INSTANTIATE_TEST_SUITE_P(K, UrpcClasses, ::testing::Values(2, 3));

TEST(Urpc, RampCountsInShareOfTheRunOrInReleasedEpochs) {
  const std::vector<torch::Tensor> logits = {torch::zeros({1, 2, 2, 2, 2})};
  const torch::Tensor label = torch::zeros({1, 2, 2, 2}, torch::kInt64);
  UrpcOptions options;
  const auto weight = [&](int64_t t, int64_t t_max) { return urpc_loss(options, logits, label, t, t_max).consistency_weight; };
  EXPECT_EQ(weight(999, 1000), 0.1);
  EXPECT_LT(weight(998, 1000), 0.1);
  options.ramp_share = 0.5;
  EXPECT_EQ(weight(499, 1000), 0.1);
  options.variant = "reference";  // which does not know of shares
  EXPECT_NEAR(weight(149, 1000), 0.1 * std::exp(-5), 1e-15);
  EXPECT_GT(weight(150, 1000), 0.1 * std::exp(-5));
  EXPECT_NEAR(weight(29'999, 30'000), 0.0283, 1e-4);  // the released 30,000 iterations end at half of R = 400
  EXPECT_EQ(weight(60'000, 30'000), 0.1);
}

TEST(Urpc, BackbonesAreThePublishedNetworkAndAVNet) {
  UrpcOptions options;
  options.backbone = "unet3d";
  const Urpc released(options, {});
  EXPECT_EQ(parameter_count(released), 5'884'504);
  // kaiming_normal: standard deviation sqrt(2 / fan_in).
  const auto weights = released.named_parameters();
  EXPECT_NEAR(weights["network.center.conv2.0.weight"].std().item<double>(), std::sqrt(2.0 / (256 * 27)), 1e-4);
  // VNet-16, whose head is the finest one here, and heads of 32, 64 and 128 channels for two classes.
  EXPECT_EQ(parameter_count(Urpc({}, {})), 9'448'866 + 2 * (33 + 65 + 129));
}

TEST(Urpc, PredictsWithTheFinestScale) {
  for (const char* backbone : {"vnet", "unet3d"}) {
    torch::manual_seed(3);
    UrpcOptions options;
    options.backbone = backbone;
    Urpc method(options, tiny_setup(3));
    method.eval();
    const torch::NoGradGuard no_grad;
    const torch::Tensor x = torch::randn({1, 1, 9, 8, 5}), before = method.predict(x);
    auto weights = method.named_parameters();
    weights["network.dsv2.dsv.0.weight"].fill_(3);
    EXPECT_TRUE(torch::equal(method.predict(x), before)) << backbone;
    weights["network.dsv1.weight"].fill_(3);
    EXPECT_FALSE(torch::equal(method.predict(x), before)) << backbone;
  }
}

TEST(Urpc, WrongOptionsNameTheField) {
  const auto error = [](const std::string& options) {
    return input_error_of([&] { method_info("urpc").make(Json::parse(options), "run.toml", tiny_setup(2)); });
  };
  EXPECT_THAT(error(R"({"backbone": "unet"})"), ::testing::HasSubstr("urpc.backbone: found 'unet'; expected vnet or unet3d"));
  EXPECT_THAT(error(R"({"ramp_share": 2})"), ::testing::HasSubstr("urpc.ramp_share: found 2"));
  EXPECT_THAT(error(R"({"consistency_weight": -1})"), ::testing::HasSubstr("urpc.consistency_weight: found -1"));
}

}  // namespace tss::urpc_test
