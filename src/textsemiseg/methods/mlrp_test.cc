#include "textsemiseg/methods/mlrp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/networks.h"
#include "support/testing.h"
#include "support/tiny.h"

namespace tss::mlrp_test {

using namespace testing;
namespace F = torch::nn::functional;

struct Drawn {
  std::vector<DecoderOutput> outputs;
  torch::Tensor label;
};

// Four samples, of which two are labelled; logits and features ask for gradients.
Drawn draw(int64_t classes) {
  Drawn out;
  for (int i = 0; i < 2; ++i)
    out.outputs.push_back({torch::randn({4, classes, 2, 3, 4}, torch::kFloat64).requires_grad_(true),
                           torch::rand({4, 5, 2, 3, 4}, torch::kFloat64).requires_grad_(true)});
  out.label = torch::randint(classes, {2, 2, 3, 4}, torch::kInt64);
  return out;
}

class MlrpClasses : public ::testing::TestWithParam<int64_t> {};

TEST_P(MlrpClasses, EachDecoderLearnsFromTheSurerVoxelsOfTheOther) {
  torch::manual_seed(1);
  const Drawn c = draw(GetParam());
  const MlrpLoss loss = mlrp_loss({}, c.outputs, c.label, 199, 1000);
  double dice = 0, consistency = 0;
  for (size_t i = 0; i < 2; ++i) {
    const torch::Tensor z = c.outputs[i].logits, teacher = c.outputs[1 - i].logits;
    dice += foreground_dice_loss(z, c.label);
    const Reliability expected = reliability(torch::softmax(z, 1), torch::softmax(teacher, 1), c.outputs[1 - i].feature);
    EXPECT_TRUE(torch::equal(loss.reliable[i].mask, expected.mask));
    // Where one decoder is the surer, the other is not.
    EXPECT_EQ((loss.reliable[0].mask * loss.reliable[1].mask).sum().item<double>(), 0);
    const torch::Tensor log_p = torch::log_softmax(z, 1), y = hard_labels(teacher);
    double sum = 0;
    for_voxels(y, [&](int64_t n, int64_t a, int64_t b, int64_t d) {
      sum -= log_p[n][y[n][a][b][d].item<int64_t>()][a][b][d].item<double>() * expected.weight[n][a][b][d].item<double>();
    });
    consistency += sum / (expected.mask.sum().item<double>() + 1e-6);
  }
  EXPECT_NEAR(loss.dice_sum.item<double>(), dice, 1e-12);
  EXPECT_NEAR(loss.consistency_sum.item<double>(), consistency, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), 0.5 * dice + std::exp(-5 * 0.25) * consistency, 1e-12);  // 200 of 0.4 * 1000
}

TEST_P(MlrpClasses, WeightsAndFeaturesTakeNoGradient) {
  torch::manual_seed(2);
  const Drawn c = draw(GetParam());
  const MlrpLoss loss = mlrp_loss({}, c.outputs, c.label, 999, 1000);
  loss.total.backward();
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_FALSE(loss.reliable[i].weight.requires_grad());
    EXPECT_FALSE(c.outputs[i].feature.grad().defined());
    // The same loss with the weights and the other decoder's labels as numbers.
    const torch::Tensor z = c.outputs[i].logits.detach().clone().requires_grad_(true), y = hard_labels(c.outputs[1 - i].logits);
    const torch::Tensor ce = F::cross_entropy(z, y, F::CrossEntropyFuncOptions().reduction(torch::kNone));
    const torch::Tensor fixed = (ce * loss.reliable[i].weight).sum() / (loss.reliable[i].mask.sum() + 1e-6);
    (fixed + 0.5 * decoder_dice({z}, c.label, AbsentClass::kFormula).sum).backward();
    EXPECT_LT(largest_difference(c.outputs[i].logits.grad(), z.grad()), 1e-14);
  }
}

INSTANTIATE_TEST_SUITE_P(K, MlrpClasses, ::testing::Values(2, 3));

TEST(Mlrp, UnlabelledSamplesTeachToo) {
  torch::manual_seed(3);
  Drawn c = draw(2);
  const double before = mlrp_loss({}, c.outputs, c.label, 999, 1000).consistency_sum.item<double>();
  torch::NoGradGuard no_grad;
  c.outputs[0].logits[3].mul_(-1);
  EXPECT_NE(mlrp_loss({}, c.outputs, c.label, 999, 1000).consistency_sum.item<double>(), before);
}

TEST(Mlrp, TwoDecodersWithNearestUpSamplingInTheSecond) {
  torch::manual_seed(4);
  Mlrp method({}, tiny_setup(3));
  method.eval();
  const auto net = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["network"]);
  ASSERT_EQ(net->decoders.size(), 2u);
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8});
  EXPECT_TRUE(torch::equal(method.predict(x), torch::softmax(net->forward(x)[0], 1)));
  // The kind of up-sampling is told by what equal weights give.
  VNet same(tiny_network(3), std::vector{UpSampling::kTransposed, UpSampling::kNearest});
  same->eval();
  torch::NoGradGuard no_grad;
  auto theirs = same->named_parameters();
  for (const auto& parameter : net->named_parameters()) theirs[parameter.key()].copy_(parameter.value());
  EXPECT_TRUE(torch::equal(net->forward(x)[1], same->forward(x)[1]));
}

TEST(Mlrp, HasThePublishedNumberOfParameters) { EXPECT_EQ(parameter_count(Mlrp({}, MethodSetup{})), 12'347'716); }

TEST(Mlrp, StepLogsHowMuchIsReliable) {
  torch::manual_seed(5);
  Mlrp method({}, tiny_setup(2));
  StepRecord record(5, 10);
  method.train_step(tiny_batch(1, 1, 2, {8, 8, 8}), record);
  EXPECT_GT(record.logged.at("reliable_share"), 0);
  EXPECT_LE(record.logged.at("reliable_share"), 0.5);
}

TEST(Mlrp, ErrorsNameTheField) {
  MlrpOptions options;
  options.ramp_share = 2;
  EXPECT_EQ(input_error_of([&] { options.check(); }).rfind("mlrp.ramp_share: found 2", 0), 0u);
}

}  // namespace tss::mlrp_test
