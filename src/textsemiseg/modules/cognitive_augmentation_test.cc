#include "textsemiseg/modules/cognitive_augmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive_equations.h"
#include "support/testing.h"

namespace tss::cognitive_augmentation_test {

using testing::largest_difference;

struct Pair {
  torch::Tensor x_l, y, x_u, pseudo;
};

Pair draw(int64_t classes, int64_t labelled, int64_t unlabelled, int64_t channels = 2) {
  return {torch::randn({labelled, channels, 3, 4, 5}, torch::kFloat64),
          torch::randint(classes, {labelled, 3, 4, 5}, torch::kInt64),
          torch::randn({unlabelled, channels, 3, 4, 5}, torch::kFloat64),
          torch::randint(classes, {unlabelled, 3, 4, 5}, torch::kInt64)};
}

MixedPatches mix(const Pair& p) { return mix_foregrounds(p.x_l, p.y, p.x_u, p.pseudo); }

MixedPatches naive(const Pair& p, int64_t classes) {
  const auto out = testing::naive_mix(p.x_l, p.y, p.x_u, p.pseudo, classes);
  return {out.image_l, out.image_u, out.label_l, out.label_u};
}

void expect_equal(const MixedPatches& a, const MixedPatches& b) {
  EXPECT_TRUE(torch::equal(a.image_l, b.image_l));
  EXPECT_TRUE(torch::equal(a.image_u, b.image_u));
  EXPECT_TRUE(torch::equal(a.label_l, b.label_l));
  EXPECT_TRUE(torch::equal(a.label_u, b.label_u));
}

struct Sizes {
  int64_t classes, labelled, unlabelled;
};

class MixForegrounds : public ::testing::TestWithParam<Sizes> {};

TEST_P(MixForegrounds, EqualsEquations5And6) {
  torch::manual_seed(1);
  const Sizes sizes = GetParam();
  const Pair p = draw(sizes.classes, sizes.labelled, sizes.unlabelled);
  expect_equal(mix(p), naive(p, sizes.classes));
}

INSTANTIATE_TEST_SUITE_P(Sizes, MixForegrounds,
                         ::testing::Values(Sizes{2, 2, 2}, Sizes{3, 2, 2}, Sizes{3, 1, 3}, Sizes{2, 3, 1}, Sizes{4, 3, 2}));

TEST(MixForegroundsIdentities, BinaryLabelsAreBothTheUnion) {
  torch::manual_seed(2);
  const Pair p = draw(2, 2, 2);
  const torch::Tensor either = torch::logical_or(p.y > 0, p.pseudo > 0).to(torch::kInt64);
  EXPECT_TRUE(torch::equal(mix(p).label_l, either));
  EXPECT_TRUE(torch::equal(mix(p).label_u, either));
}

TEST(MixForegroundsIdentities, EmptyForegroundGivesTheOtherImage) {
  torch::manual_seed(3);
  Pair p = draw(3, 2, 2);
  p.y.zero_();
  EXPECT_TRUE(torch::equal(mix(p).image_l, p.x_u));
  EXPECT_TRUE(torch::equal(mix(p).label_l, p.pseudo));
  EXPECT_TRUE(torch::equal(mix(p).label_u, p.pseudo));
  p = draw(3, 2, 2);
  p.pseudo.zero_();
  EXPECT_TRUE(torch::equal(mix(p).image_u, p.x_l));
  EXPECT_TRUE(torch::equal(mix(p).label_u, p.y));
}

TEST(MixForegroundsIdentities, FullForegroundKeepsTheImage) {
  torch::manual_seed(4);
  Pair p = draw(3, 2, 2);
  p.y.fill_(2);
  p.pseudo.fill_(1);
  expect_equal(mix(p), {p.x_l, p.x_u, p.y, p.pseudo});
}

// The two images hold both sources where the masks agree, one source twice where they differ.
TEST(MixForegroundsIdentities, SumOfTheTwoImages) {
  torch::manual_seed(5);
  const Pair p = draw(3, 2, 2);
  const torch::Tensor l = (p.y > 0).unsqueeze(1), u = (p.pseudo > 0).unsqueeze(1);
  const torch::Tensor expected = torch::where(l.eq(u), p.x_l + p.x_u, torch::where(l, 2 * p.x_l, 2 * p.x_u));
  const MixedPatches mixed = mix(p);
  EXPECT_LT(largest_difference(mixed.image_l + mixed.image_u, expected), 1e-15);
  Pair same = p;
  same.pseudo = p.y;
  EXPECT_LT(largest_difference(mix(same).image_l + mix(same).image_u, p.x_l + p.x_u), 1e-15);
}

TEST(MixForegroundsIdentities, ExchangingTheRolesExchangesTheResults) {
  torch::manual_seed(6);
  const Pair p = draw(4, 2, 2);
  const MixedPatches there = mix(p), back = mix({p.x_u, p.pseudo, p.x_l, p.y});
  expect_equal(there, {back.image_u, back.image_l, back.label_u, back.label_l});
}

TEST(MixForegroundsIdentities, APatchMixedWithItselfStays) {
  torch::manual_seed(7);
  const Pair p = draw(3, 2, 2);
  expect_equal(mix({p.x_l, p.y, p.x_l, p.y}), {p.x_l, p.x_l, p.y, p.y});
}

TEST(MixForegroundsIdentities, WhereForegroundsOverlapEachKeepsItsOwnClass) {
  Pair p = draw(3, 1, 1);
  p.y.fill_(1);
  p.pseudo.fill_(2);
  EXPECT_TRUE((mix(p).label_l == 1).all().item<bool>());
  EXPECT_TRUE((mix(p).label_u == 2).all().item<bool>());
}

TEST(CognitiveAugmentationOptions, ErrorsNameTheField) {
  CognitiveAugmentationOptions options;
  options.check();
  for (const double wrong : {-0.1, 1.5, std::nan("")}) {
    options.start = wrong;
    EXPECT_THAT(testing::input_error_of([&] { options.check(); }), ::testing::HasSubstr("dca.start: found"));
  }
}

}  // namespace tss::cognitive_augmentation_test
