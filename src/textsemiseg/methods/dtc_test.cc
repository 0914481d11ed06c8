#include "textsemiseg/methods/dtc.h"

#include <gmock/gmock.h>

#include <cmath>

#include "support/step_gradient.h"
#include "support/testing.h"
#include "support/text_guided.h"
#include "textsemiseg/losses/signed_distance.h"

namespace tss::dtc_test {

using namespace testing;
using ::testing::StartsWith;

TwoTaskVNet network(const Method& method) {
  return TwoTaskVNet(std::dynamic_pointer_cast<TwoTaskVNetImpl>(method.named_children()["network"]));
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

class DtcClasses : public ::testing::TestWithParam<int64_t> {};

// Every foreground class as a binary task of its own, voxel by voxel; the distance target is tested beside signed_distance.
TEST_P(DtcClasses, LossEqualsLoops) {
  torch::manual_seed(1);
  const int64_t foreground = GetParam() - 1;
  const std::vector<int64_t> shape = {4, foreground, 3, 4, 5};
  const TwoTaskOutput output{torch::tanh(0.002 * torch::randn(shape, torch::kFloat64)), torch::randn(shape, torch::kFloat64)};
  const torch::Tensor label = torch::randint(GetParam(), {2, 3, 4, 5}, torch::kInt64);
  const DtcLoss loss = dtc_loss({}, output, label, 499, 1000);
  const torch::Tensor target_held = signed_distance_maps(label, GetParam()).to(torch::kFloat64);
  const auto r = output.distance.accessor<double, 5>(), z = output.logits.accessor<double, 5>(),
             target = target_held.accessor<double, 5>();
  const auto y = label.accessor<int64_t, 4>();
  double dice = 0, error = 0, consistency = 0;
  for (int64_t k = 0; k < foreground; ++k) {
    double overlap = 0, sizes = 0;
    for_voxels(output.logits, [&](int64_t n, int64_t a, int64_t b, int64_t c) {
      const double p = logistic(z[n][k][a][b][c]);
      consistency += std::pow(logistic(-1500 * r[n][k][a][b][c]) - p, 2);
      if (n >= 2) return;
      const double g = y[n][a][b][c] == k + 1 ? 1 : 0;
      overlap += p * g;
      sizes += p * p + g;
      error += std::pow(r[n][k][a][b][c] - target[n][k][a][b][c], 2);
    });
    dice += (1 - (2 * overlap + 1e-5) / (sizes + 1e-5)) / static_cast<double>(foreground);
  }
  const double voxels = 60.0 * static_cast<double>(foreground), lambda = std::exp(-5 * 0.25);
  error /= 2 * voxels;
  consistency /= 4 * voxels;
  EXPECT_NEAR(loss.dice.item<double>(), dice, 1e-12);
  EXPECT_NEAR(loss.sdf_mse.item<double>(), error, 1e-12);
  EXPECT_NEAR(loss.consistency.item<double>(), consistency, 1e-12);
  EXPECT_NEAR(loss.consistency_weight, lambda, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), dice + 0.3 * error + lambda * consistency, 1e-12);
}

TEST_P(DtcClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  for (const bool text : {false, true}) {
    SCOPED_TRACE(text ? "with texts" : "without texts");
    torch::manual_seed(2);
    DtcOptions options = text ? with_texts<DtcOptions>("paper") : DtcOptions{};
    options.steepness = 5;  // differences need a gentle slope
    Dtc method(options, tiny_setup(GetParam()));
    method.to(torch::kFloat64);
    const auto check = check_step_gradients(method, to_double(tiny_batch(1, 1, GetParam(), {8, 4, 8})), 90, 100);
    EXPECT_LT(check.error, 1e-5) << check;
  }
}

TEST_P(DtcClasses, TextsAddTheAlignmentOfTheClassMaps) {
  torch::manual_seed(3);
  DtcOptions options = with_texts<DtcOptions>("paper");
  options.csa.reduction = "sum";
  Dtc method(options, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  EXPECT_EQ(parts_of(method), (std::set<std::string>{"network.decoder1", "network.encoder", "network.out_conv",
                                                     "network.out_conv2", "network.projection", "network.tmr", "text.features"}));
  const Batch batch = to_double(tiny_batch(1, 1, GetParam(), {8, 8, 7}));
  StepRecord record(90, 100);
  method.train_step(batch, record);
  auto net = network(method);
  const TwoTaskOutput output = net->decode(enhanced_skips(method, net->encoder, batch.image, 4), batch.image);
  const double alone = dtc_loss(options, output, batch.label, 90, 100).total.item<double>();
  const double alignment = naive_alignment_of(method, net->encoder, batch.image, dtc_class_maps(output.logits), 4);
  EXPECT_NEAR(record.logged.at("alignment"), alignment, 1e-6);
  EXPECT_NEAR(record.logged.at("loss"), alone + alignment, 1e-6);
}

INSTANTIATE_TEST_SUITE_P(K, DtcClasses, ::testing::Values(2, 3));

TEST(Dtc, ClassMapsOfTwoClassesAreTheSigmoidAndItsRest) {
  torch::manual_seed(4);
  const torch::Tensor z = torch::randn({2, 1, 3, 3, 3}, torch::kFloat64), p = torch::sigmoid(z);
  EXPECT_LT(largest_difference(dtc_class_maps(z), torch::cat({1 - p, p}, 1)), 1e-12);
}

TEST(Dtc, OfSeveralClassesTheLargestLogitAboveZeroDecides) {
  const torch::Tensor z = torch::tensor({{-1.0, -2.0}, {-1.0, 0.5}, {2.0, 1.0}, {0.1, -3.0}}).t().view({1, 2, 4, 1, 1});
  const torch::Tensor maps = dtc_class_maps(z);
  EXPECT_LT(largest_difference(maps.sum(1), torch::ones({1, 4, 1, 1})), 1e-6);
  EXPECT_TRUE(torch::equal(maps.argmax(1).flatten(), torch::tensor({0, 2, 1, 1})));
}

TEST(Dtc, RampsCountInSharesOfTheRunOrInReleasedEpochs) {
  const TwoTaskOutput output{torch::zeros({1, 1, 2, 2, 2}), torch::zeros({1, 1, 2, 2, 2})};
  const torch::Tensor label = torch::zeros({1, 2, 2, 2}, torch::kInt64);
  DtcOptions options;
  const auto weight = [&](int64_t t, int64_t t_max) { return dtc_loss(options, output, label, t, t_max).consistency_weight; };
  EXPECT_EQ(weight(999, 1000), 1);
  EXPECT_LT(weight(998, 1000), 1);
  options.variant = "reference";
  EXPECT_NEAR(weight(149, 1000), std::exp(-5), 1e-15);
  EXPECT_GT(weight(150, 1000), std::exp(-5));
  EXPECT_EQ(weight(6'000, 1000), 1);
}

TEST(Dtc, PredictsWithTheSegmentationHead) {
  torch::manual_seed(5);
  Dtc method({}, tiny_setup(3));
  method.eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 6});
  EXPECT_TRUE(torch::equal(method.predict(x), dtc_class_maps(network(method)->segmentation(x))));
  EXPECT_TRUE(torch::equal(network(method)->segmentation(x), network(method)->forward(x).logits));
  EXPECT_FALSE(method.class_texts().defined());
}

TEST(Dtc, OptionsThatMeanNothingAreRefused) {
  DtcOptions options;
  options.steepness = 0;
  EXPECT_THAT(input_error_of([&] { options.check(); }), StartsWith("dtc.steepness: found 0"));
  options = {};
  options.csa.normalise = true;
  EXPECT_THAT(input_error_of([&] { options.check(); }),
              StartsWith("dtc.csa.normalise: found true with text = false; expected false"));
}

TEST(Dtc, NumberOfParameters) {
  int64_t count = 0;
  for (const auto& parameter : Dtc({}, MethodSetup{}).parameters()) count += parameter.numel();
  EXPECT_EQ(count, 9'448'866);
}

}  // namespace tss::dtc_test
