#include "textsemiseg/losses/dice.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::dice_test {

using testing::check_gradients;

// Two samples of 1 x 1 x 2 voxels: [N, K, 1, 1, 2].
torch::Tensor probabilities(std::vector<double> foreground) {
  const torch::Tensor p = torch::tensor(foreground, torch::kFloat64).view({2, 1, 1, 1, 2});
  return torch::cat({1 - p, p}, 1);
}
const torch::Tensor kLabel = torch::tensor({{1, 0}, {1, 1}}, torch::kInt64).view({2, 1, 1, 2});

double number(const torch::Tensor& x) { return x.item<double>(); }

TEST(Dice, OneHotHasTheTypeAskedFor) {
  const torch::Tensor label = torch::tensor({{0, 2}, {1, 1}}, torch::kInt64).view({2, 1, 1, 2});
  const torch::Tensor g = one_hot(label, 3, torch::empty(0, torch::kFloat64));
  EXPECT_EQ(g.sizes(), (std::vector<int64_t>{2, 3, 1, 1, 2}));
  EXPECT_EQ(g.scalar_type(), torch::kFloat64);
  EXPECT_TRUE(torch::equal(g.argmax(1), label));
  EXPECT_TRUE(torch::equal(g.sum(1), torch::ones({2, 1, 1, 2}, torch::kFloat64)));
}

TEST(Dice, KnownValues) {
  const torch::Tensor p = probabilities({0.5, 0.25, 1.0, 0.0});
  // Foreground: sum p g = 0.5 + 1 + 0, sum p = 1.75, sum p^2 = 0.25 + 0.0625 + 1, sum g = 3.
  const double squared_1 = 1 - (2 * 1.5 + 1e-5) / (1.3125 + 3 + 1e-5);
  // Background: p = 0.5, 0.75, 0, 1; g = 0, 1, 0, 0.
  const double squared_0 = 1 - (2 * 0.75 + 1e-5) / (0.25 + 0.5625 + 1 + 1 + 1e-5);
  EXPECT_NEAR(number(dice_loss_squared(p, kLabel, 1, 1e-5)), squared_1, 1e-14);
  EXPECT_NEAR(number(dice_loss_squared(p, kLabel, 0, 1e-5)), (squared_0 + squared_1) / 2, 1e-14);
  EXPECT_NEAR(number(dice_loss_linear(p, kLabel)), 1 - (2 * 1.5 + 1e-8) / (1.75 + 3 + 1e-8), 1e-14);
  // Per sample and class.
  const double s = 1e-5;
  const double ratios = (2 * 0.5 + s) / (0.75 + 1 + s) + (2 * 1.0 + s) / (1 + 2 + s) +  // foreground
                        (2 * 0.75 + s) / (1.25 + 1 + s) + s / (1 + 0 + s);              // background
  EXPECT_NEAR(number(dice_loss_masked(p, kLabel)), 1 - ratios / 4, 1e-14);
}

TEST(Dice, MaskLeavesVoxelsOut) {
  const torch::Tensor p = probabilities({0.5, 0.25, 1.0, 0.0});
  const torch::Tensor mask = torch::tensor({{1.0, 0.0}, {1.0, 0.0}}, torch::kFloat64).view({2, 1, 1, 2});
  const double s = 1e-5;
  const double ratios = (2 * 0.5 + s) / (0.5 + 1 + s) + (2 * 1.0 + s) / (1 + 1 + s) +  // foreground
                        s / (0.5 + s) + s / s;                                         // background
  EXPECT_NEAR(number(dice_loss_masked(p, kLabel, mask)), 1 - ratios / 4, 1e-14);
  EXPECT_NEAR(number(dice_loss_masked(p, kLabel, torch::ones_like(mask))), number(dice_loss_masked(p, kLabel)), 1e-15);
}

TEST(Dice, PerfectAndOppositePredictions) {
  const torch::Tensor right = one_hot(kLabel, 2, torch::empty(0, torch::kFloat64)), wrong = 1 - right;
  EXPECT_NEAR(number(dice_loss_squared(right, kLabel, 0, 1e-5)), 0, 1e-12);
  EXPECT_NEAR(number(dice_loss_linear(right, kLabel)), 0, 1e-12);
  EXPECT_NEAR(number(dice_loss_masked(right, kLabel)), 0, 1e-12);
  EXPECT_NEAR(number(dice_loss_squared(wrong, kLabel, 0, 1e-5)), 1, 1e-4);
  EXPECT_NEAR(number(dice_loss_linear(wrong, kLabel)), 1, 1e-6);
}

TEST(Dice, AClassThatIsAbsentAndNotPredictedCostsNothing) {
  const torch::Tensor label = torch::zeros({2, 1, 1, 2}, torch::kInt64);
  const torch::Tensor none = probabilities({0, 0, 0, 0}), some = probabilities({0.5, 0.5, 0, 0});
  EXPECT_NEAR(number(dice_loss_squared(none, label, 1, 1e-5)), 0, 1e-12);
  EXPECT_NEAR(number(dice_loss_linear(none, label)), 0, 1e-12);
  EXPECT_NEAR(number(dice_loss_squared(some, label, 1, 1e-5)), 1, 1e-4);  // predicted though absent
  EXPECT_NEAR(number(dice_loss_linear(some, label)), 1, 1e-6);
}

// Whether foreground that is not there costs something.
TEST(Dice, AnAbsentClassCanBeTheDiceOfEverythingElse) {
  const torch::Tensor label = torch::zeros({2, 1, 1, 2}, torch::kInt64);
  const torch::Tensor z = torch::tensor({0.5, -1.0, 2.0, 0.0}, torch::kFloat64).view({2, 1, 1, 1, 2}).requires_grad_(true);
  const auto p = [&] { return torch::cat({torch::sigmoid(-z), torch::sigmoid(z)}, 1); };
  const auto gradient = [&](const torch::Tensor& loss) { return torch::autograd::grad({loss}, {z})[0]; };
  EXPECT_LT(number(gradient(dice_loss_linear(p(), label)).abs().max()), 1e-7) << "the published formula teaches nothing";
  EXPECT_LT(number(gradient(dice_loss_squared(p(), label, 1, 1e-5)).abs().max()), 1e-4);
  EXPECT_GT(number(gradient(dice_loss_linear(p(), label, AbsentClass::kComplement)).min()), 0.01) << "less foreground everywhere";
  EXPECT_GT(number(gradient(dice_loss_squared(p(), label, 1, 1e-5, AbsentClass::kComplement)).min()), 0.01);
  const torch::Tensor rest = torch::sigmoid(-z);
  EXPECT_NEAR(number(dice_loss_linear(p(), label, AbsentClass::kComplement)),
              number(1 - (2 * rest.sum() + 1e-8) / (rest.sum() + 4 + 1e-8)), 1e-14);
  EXPECT_NEAR(number(dice_loss_squared(p(), label, 1, 1e-5, AbsentClass::kComplement)),
              number(1 - (2 * rest.sum() + 1e-5) / (rest.square().sum() + 4 + 1e-5)), 1e-14);
  // Of three classes the second is absent: only its own term is another one.
  const torch::Tensor three = torch::softmax(torch::randn({1, 3, 2, 2, 2}, torch::kFloat64), 1);
  const torch::Tensor first = torch::randint(2, {1, 2, 2, 2}, torch::kInt64).fill_(0).index_fill_(1, torch::tensor({0}), 1);
  const torch::Tensor others = 1 - three.select(1, 2);
  EXPECT_NEAR(number(dice_loss_linear(three, first, AbsentClass::kComplement) - dice_loss_linear(three, first)),
              number((1 - 2 * others.sum() / (others.sum() + 8)) - 1) / 2, 1e-7);
  // Where every class is there nothing changes.
  EXPECT_EQ(number(dice_loss_linear(probabilities({0.5, 0.25, 1.0, 0.0}), kLabel, AbsentClass::kComplement)),
            number(dice_loss_linear(probabilities({0.5, 0.25, 1.0, 0.0}), kLabel)));
}

class DiceClasses : public ::testing::TestWithParam<int64_t> {};

TEST_P(DiceClasses, SegmentationLossEqualsLoops) {
  torch::manual_seed(4);
  const int64_t classes = GetParam();
  const torch::Tensor logits = torch::randn({2, classes, 3, 4, 2}, torch::kFloat64) * 2;
  const torch::Tensor label = torch::randint(classes, {2, 3, 4, 2}, torch::kInt64);
  EXPECT_NEAR(number(cross_entropy_and_dice(logits, label)), testing::segmentation_loss(logits, label), 1e-12);
  const torch::Tensor absent = torch::zeros_like(label);
  EXPECT_NEAR(number(cross_entropy_and_dice(logits, absent)), testing::segmentation_loss(logits, absent), 1e-12);
}

TEST_P(DiceClasses, GradientsEqualCentralDifferences) {
  torch::manual_seed(5);
  const int64_t classes = GetParam();
  const torch::Tensor z = torch::randn({2, classes, 2, 3, 2}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor label = torch::randint(classes, {2, 2, 3, 2}, torch::kInt64);
  const torch::Tensor mask = torch::randint(2, {2, 2, 3, 2}, torch::kInt64).to(torch::kFloat64);
  const auto p = [&] { return torch::softmax(z, 1); };
  const auto check = [&](const std::function<torch::Tensor()>& loss) { return check_gradients(loss, {{"logits", z}}).error; };
  EXPECT_LT(check([&] { return dice_loss_squared(p(), label, 1, 1e-5); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_squared(torch::sigmoid(z), label, 0, 1e-10); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_linear(p(), label); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_linear(p(), torch::zeros_like(label), AbsentClass::kComplement); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_squared(p(), torch::zeros_like(label), 1, 1e-5, AbsentClass::kComplement); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_masked(p(), label, mask); }), 1e-6);
  EXPECT_LT(check([&] { return dice_loss_masked(p(), label); }), 1e-6);
  EXPECT_LT(check([&] { return cross_entropy_and_dice(z, label); }), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(K, DiceClasses, ::testing::Values(2, 3, 5));

// The instrument itself: a gradient that is half of the true one must be seen.
TEST(NumericGradient, SeesAWrongGradient) {
  const torch::Tensor x = torch::ones({3}, torch::kFloat64).requires_grad_(true);
  EXPECT_LT(check_gradients([&] { return (x * x).sum(); }, {{"x", x}}).error, 1e-6);
  EXPECT_NEAR(check_gradients([&] { return (x * x.detach()).sum(); }, {{"x", x}}).error, 0.5, 1e-6);
}

}  // namespace tss::dice_test
