#include "textsemiseg/modules/semantic_alignment.h"

#include <ATen/autocast_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive_equations.h"
#include "support/numeric_gradient.h"
#include "support/testing.h"

namespace tss::semantic_alignment_test {

using testing::largest_difference;

struct Case {
  int64_t classes;
  std::vector<int64_t> sides;  // of the maps
  int64_t block;
};

torch::Tensor draw_maps(const Case& c) {
  return torch::softmax(torch::randn({2, c.classes, c.sides[0], c.sides[1], c.sides[2]}, torch::kFloat64) * 2, 1);
}

torch::Tensor draw_features(const Case& c, int64_t dimension = 5) {
  const auto up = [&](int64_t side) { return (side + c.block - 1) / c.block; };
  return torch::randn({2, dimension, up(c.sides[0]), up(c.sides[1]), up(c.sides[2])}, torch::kFloat64);
}

class Alignment : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { torch::manual_seed(1); }
  static std::vector<AlignmentOptions> all_options() {
    std::vector<AlignmentOptions> out;
    for (const char* pool : {"global", "masked"})
      for (const bool normalise : {false, true})
        for (const bool detach : {false, true}) {
          AlignmentOptions options;
          options.reduction = "sum";  // as Eq. 4 is written
          options.pool = pool;
          options.normalise = normalise;
          options.detach_map = detach;
          out.push_back(options);
        }
    return out;
  }
};

TEST_P(Alignment, EqualsEquation4) {
  const Case c = GetParam();
  const torch::Tensor features = draw_features(c), maps = draw_maps(c);
  const torch::Tensor text = torch::randn({c.classes, 5}, torch::kFloat64);
  for (const auto& options : all_options()) {
    const torch::Tensor expected =
        testing::naive_class_vectors(features, maps, c.block, options.pool == "masked", options.normalise);
    EXPECT_LT(largest_difference(class_vectors(features, maps, c.block, options), expected), 1e-6) << options.pool;
    EXPECT_NEAR(alignment_loss(features, maps, text, c.block, options).item<double>(), testing::naive_alignment(expected, text),
                1e-6);
  }
}

TEST_P(Alignment, ReductionsDifferByTheNumberOfClassesAndChannels) {
  const Case c = GetParam();
  const torch::Tensor features = draw_features(c), maps = draw_maps(c), text = torch::randn({c.classes, 5}, torch::kFloat64);
  const auto loss = [&](const char* reduction) {
    AlignmentOptions options;
    options.reduction = reduction;
    options.check();
    return alignment_loss(features, maps, text, c.block, options).item<double>();
  };
  EXPECT_NEAR(loss("mean") * static_cast<double>(c.classes * 5), loss("sum"), 1e-9);
  EXPECT_NEAR(loss("class_sum") * 5, loss("sum"), 1e-9);
}

TEST_P(Alignment, GradientsEqualCentralDifferences) {
  const Case c = GetParam();
  const torch::Tensor features = draw_features(c).requires_grad_(true);
  const torch::Tensor logits =
      torch::randn({2, c.classes, c.sides[0], c.sides[1], c.sides[2]}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor text = torch::randn({c.classes, 5}, torch::kFloat64).requires_grad_(true);
  for (const auto& options : all_options()) {
    testing::NamedTensors tensors = {{"features", features}, {"text", text}};
    if (!options.detach_map) tensors.emplace_back("logits", logits);
    const auto check = testing::check_gradients(
        [&] { return alignment_loss(features, torch::softmax(logits, 1), text, c.block, options); }, tensors);
    EXPECT_LT(check.error, 1e-5) << check;
  }
}

// Equal sides, sides that are no multiples, one feature for everything.
INSTANTIATE_TEST_SUITE_P(Cases, Alignment,
                         ::testing::Values(Case{2, {4, 4, 4}, 2}, Case{3, {4, 6, 2}, 2}, Case{3, {5, 4, 7}, 2},
                                           Case{2, {9, 5, 4}, 4}, Case{3, {3, 3, 3}, 4}));

TEST(AlignmentOptions, DetachedMapsTakeNoGradient) {
  torch::manual_seed(2);
  const Case c{2, {4, 4, 4}, 2};
  const torch::Tensor features = draw_features(c).requires_grad_(true), maps = draw_maps(c).requires_grad_(true);
  const torch::Tensor text = torch::randn({2, 5}, torch::kFloat64);
  AlignmentOptions options;
  options.detach_map = true;
  alignment_loss(features, maps, text, c.block, options).backward();
  EXPECT_FALSE(maps.grad().defined());
  EXPECT_TRUE(features.grad().defined());
}

TEST(AlignmentOptions, MasksOfAnAbsentClassStayFinite) {
  const torch::Tensor features = torch::randn({1, 4, 1, 1, 1}, torch::kFloat64).requires_grad_(true);
  const torch::Tensor maps = torch::stack({torch::ones({1, 2, 2, 2}), torch::zeros({1, 2, 2, 2})}, 1).to(torch::kFloat64);
  AlignmentOptions options;
  options.pool = "masked";
  options.normalise = true;
  const torch::Tensor v = class_vectors(features, maps, 2, options);
  EXPECT_EQ(v[0][1].abs().max().item<double>(), 0);
  v.sum().backward();
  EXPECT_TRUE(torch::isfinite(features.grad()).all().item<bool>());
}

TEST(AlignmentOptions, KeepsItsPrecisionUnderAutocast) {
  torch::manual_seed(3);
  const Case c{2, {8, 8, 8}, 2};
  const torch::Tensor features = draw_features(c).to(torch::kFloat32), maps = draw_maps(c).to(torch::kFloat32);
  const torch::Tensor expected = class_vectors(features, maps, 2, {});
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const torch::Tensor got = class_vectors(features, maps, 2, {});
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_TRUE(torch::equal(got, expected));
}

TEST(AlignmentOptions, ErrorsNameTheField) {
  AlignmentOptions options;
  options.check();
  options.pool = "mean";
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }),
              ::testing::HasSubstr("csa.pool: found 'mean'; expected global or masked"));
}

}  // namespace tss::semantic_alignment_test
