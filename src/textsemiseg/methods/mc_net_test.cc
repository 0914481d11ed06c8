#include "textsemiseg/methods/mc_net.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/networks.h"
#include "support/step_gradient.h"
#include "textsemiseg/methods/supervised.h"

namespace tss::mc_net_test {

using namespace testing;

// Sum over ordered pairs of decoders of the mean over everything of (p_i - S(p_j))^2.
double naive_consistency(const std::vector<torch::Tensor>& logits) {
  const auto sharpened = [](double p) { return std::pow(p, 10) / (std::pow(p, 10) + std::pow(1 - p, 10)); };
  std::vector<Row> p;
  for (const auto& one : logits) p.push_back(row_of(torch::softmax(one, 1)));
  double sum = 0;
  for (size_t i = 0; i < p.size(); ++i)
    for (size_t j = 0; j < p.size(); ++j)
      for (size_t n = 0; i != j && n < p[i].size(); ++n) sum += std::pow(p[i][n] - sharpened(p[j][n]), 2);
  return sum / static_cast<double>(p[0].size());
}

class McNetClasses : public ::testing::TestWithParam<int64_t> {};

TEST_P(McNetClasses, LossEqualsLoops) {
  torch::manual_seed(1);
  const int64_t classes = GetParam();
  for (const size_t decoders : {2, 3}) {
    std::vector<torch::Tensor> logits;
    for (size_t i = 0; i < decoders; ++i) logits.push_back(torch::randn({4, classes, 2, 3, 4}, torch::kFloat64));
    const torch::Tensor label = torch::randint(classes, {2, 2, 3, 4}, torch::kInt64);
    const MutualLoss loss = mc_net_loss({}, logits, label, 199, 1000);
    double dice = 0;
    for (const auto& one : logits) dice += foreground_dice_loss(one, label);
    const double consistency = naive_consistency(logits);
    EXPECT_NEAR(loss.dice_sum.item<double>(), dice, 1e-12);
    EXPECT_NEAR(loss.consistency_sum.item<double>(), consistency, 1e-12);
    EXPECT_NEAR(loss.consistency_weight, std::exp(-5 * 0.25), 1e-12);  // 200 of 0.4 * 1000
    EXPECT_NEAR(loss.total.item<double>(), 0.5 * dice + std::exp(-5 * 0.25) * consistency, 1e-12);
  }
}

// Two thirds of the published pancreas patches hold no pancreas: what a decoder gives to it there must cost something.
TEST_P(McNetClasses, AnEmptyBatchTeachesThatThereIsNothing) {
  torch::manual_seed(3);
  const int64_t classes = GetParam();
  const torch::Tensor z = torch::randn({2, classes, 3, 3, 3}, torch::kFloat64).requires_grad_(true);
  const auto gradient = [&](const MutualOptions& options) {
    const MutualLoss loss = mc_net_loss(options, {z, z}, torch::zeros({2, 3, 3, 3}, torch::kInt64), 0, 1000);
    return torch::autograd::grad({loss.dice_sum}, {z})[0];
  };
  const torch::Tensor own = gradient({});
  EXPECT_LT(own.select(1, 0).max().item<double>(), 0) << "more background, everywhere";
  EXPECT_GT(own.select(1, 0).abs().min().item<double>(), 1e-5);
  MutualOptions published, released;
  published.absent_class = "formula";
  released.variant = "reference";
  EXPECT_LT(gradient(published).abs().max().item<double>(), 1e-9);
  EXPECT_LT(gradient(released).abs().max().item<double>(), 1e-9);
}

TEST_P(McNetClasses, ReleasedRampIsOneOfIterations) {
  const torch::Tensor z = torch::randn({1, GetParam(), 2, 2, 2}, torch::kFloat64);
  MutualOptions options;
  options.ramp = "released";
  const auto weight = [&](int64_t t, int64_t t_max) {
    return mc_net_loss(options, {z, z}, torch::zeros({1, 2, 2, 2}, torch::kInt64), t, t_max).consistency_weight;
  };
  EXPECT_NEAR(weight(1999, 2000), std::exp(-5 * std::pow(1 - 13.0 / 40, 2)), 1e-12);
  EXPECT_EQ(weight(6000, 10'000), 1);
}

template <class Options>
void expect_gradients(int64_t classes) {
  torch::manual_seed(2);
  McNet method(Options{}, tiny_setup(classes));
  method.to(torch::kFloat64);
  const auto check = check_step_gradients(method, to_double(tiny_batch(1, 1, classes, {8, 4, 8})), 30, 100);
  EXPECT_LT(check.error, 1e-5) << check;
}

TEST_P(McNetClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  expect_gradients<McNetOptions>(GetParam());
  expect_gradients<McNetPlusOptions>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(K, McNetClasses, ::testing::Values(2, 3));

TEST(McNet, RampsCountInShareOfTheRunOrInReleasedEpochs) {
  const std::vector<torch::Tensor> logits = {torch::zeros({1, 2, 2, 2, 2}), torch::zeros({1, 2, 2, 2, 2})};
  const torch::Tensor label = torch::zeros({1, 2, 2, 2}, torch::kInt64);
  MutualOptions options;
  const auto weight = [&](int64_t t, int64_t t_max) { return mc_net_loss(options, logits, label, t, t_max).consistency_weight; };
  EXPECT_NEAR(weight(0, 1'000'000), std::exp(-5), 1e-4);
  EXPECT_EQ(weight(399, 1000), 1);
  EXPECT_LT(weight(398, 1000), 1);
  EXPECT_EQ(weight(999, 1000), 1);
  options.consistency_weight = 0.5;
  EXPECT_EQ(weight(399, 1000), 0.5);
  options = {};
  options.variant = "reference";
  EXPECT_NEAR(weight(148, 1000), std::exp(-5), 1e-15);  // t = 149 counted from 1: epoch 0
  EXPECT_GT(weight(149, 1000), std::exp(-5));           // t = 150: epoch 1
  EXPECT_EQ(weight(5'999, 1000), 1);                    // R = 40
}

TEST(McNet, PredictsWithTheFirstDecoder) {
  torch::manual_seed(3);
  McNet method(McNetOptions{}, tiny_setup(3));
  method.eval();
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8});
  const auto net = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["network"]);
  EXPECT_TRUE(torch::equal(method.predict(x), torch::softmax(net->forward(x)[0], 1)));
}

TEST(Supervised, LossIsHalfOfCrossEntropyPlusDiceOnTheLabelledSamplesAlone) {
  torch::manual_seed(4);
  for (const int64_t classes : {2, 3}) {
    Supervised method({}, tiny_setup(classes));
    method.to(torch::kFloat64);
    Batch batch = to_double(tiny_batch(2, 1, classes, {8, 8, 4}));
    const auto net = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["network"]);
    const double expected = 0.5 * segmentation_loss(net->forward(batch.labelled_image())[0], batch.label);
    for (const double unlabelled : {0.0, 5.0}) {
      batch.image[2].fill_(unlabelled);
      StepRecord record(0, 10);
      method.train_step(batch, record);
      EXPECT_NEAR(record.minimised[0].item<double>(), expected, 1e-12);
    }
  }
}

TEST(Supervised, HasTheParametersOfVNet) {
  MethodSetup setup;
  EXPECT_EQ(parameter_count(Supervised({}, setup)), 9'448'866);
  EXPECT_EQ(parameter_count(McNet(McNetOptions{}, setup)), 12'347'716);
  EXPECT_EQ(parameter_count(McNet(McNetPlusOptions{}, setup)), 15'246'566);
}

}  // namespace tss::mc_net_test
