#include "textsemiseg/losses/text_similarity.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::text_similarity_test {

using testing::Row;

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

TEST(TextSimilarity, DynamicLabelsFollowTheBetterDecoder) {
  torch::manual_seed(1);
  const torch::Tensor a = torch::softmax(draw({2, 3, 2, 2, 2}), 1), b = torch::softmax(draw({2, 3, 2, 2, 2}), 1);
  const DynamicLabels got = dynamic_labels({a, b}, {torch::tensor(0.2, torch::kFloat64), torch::tensor(0.9, torch::kFloat64)});
  const auto score = [](double d) { return std::exp(1 - 1 / (1 + std::exp(-d))); };
  const double expected = score(0.2) / (score(0.2) + score(0.9));
  EXPECT_NEAR(got.weights[0].item<double>(), expected, 1e-14);
  EXPECT_NEAR(got.weights.sum().item<double>(), 1, 1e-14);
  EXPECT_TRUE(torch::equal(got.label, testing::hard_labels(expected * a + (1 - expected) * b)));
}

struct Drawn {
  std::vector<torch::Tensor> projected, predicted;
  torch::Tensor label, text;
};

Drawn draw_case(int64_t classes) {
  Drawn out;
  out.label = torch::randint(0, classes, {2, 9});
  for (int i = 0; i < 2; ++i) {
    out.projected.push_back(draw({2, 9, 5}).requires_grad_(true));
    out.predicted.push_back(torch::where(torch::rand({2, 9}) < 0.7, out.label, torch::randint(0, classes, {2, 9})));
  }
  out.text = draw({classes, 5});
  return out;
}

TEST(TextSimilarity, MeansAreOverPositionsAllAgreeOn) {
  torch::manual_seed(2);
  for (const bool absent : {false, true}) {
    Drawn c = draw_case(3);
    if (absent) c.label.masked_fill_(c.label == 1, 2);  // nothing is left to agree on class 1
    const TextSimilarity got = text_similarity(c.projected, c.predicted, c.label, c.text);
    double cosines = 0;
    for (int64_t k = 0; k < 3; ++k) {
      Row sum(5, 0);
      int64_t positions = 0;
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t p = 0; p < 9; ++p) {
          bool agree = c.label[n][p].item<int64_t>() == k;
          for (const auto& one : c.predicted) agree = agree && one[n][p].item<int64_t>() == k;
          if (!agree) continue;
          ++positions;
          for (const auto& one : c.projected)
            for (int64_t d = 0; d < 5; ++d) sum[static_cast<size_t>(d)] += one[n][p][d].item<double>();
        }
      EXPECT_EQ(got.agreeing[k].item<int64_t>(), positions);
      EXPECT_EQ(positions == 0, absent && k == 1);
      const Row t = testing::row_of(c.text[k]);
      if (positions > 0) cosines += testing::dot(sum, t) / std::sqrt(testing::dot(sum, sum) * testing::dot(t, t));
    }
    EXPECT_NEAR(got.loss.item<double>(), 1 - cosines / 3, 1e-12);
    const auto check = testing::check_gradients([&] { return text_similarity(c.projected, c.predicted, c.label, c.text).loss; },
                                                {{"a", c.projected[0]}, {"b", c.projected[1]}});
    EXPECT_LT(check.error, 1e-6) << check;
  }
}

TEST(TextSimilarity, NoAgreementAtAllIsFinite) {
  Drawn c = draw_case(2);
  c.predicted[0] = 1 - c.label;
  const TextSimilarity got = text_similarity(c.projected, c.predicted, c.label, c.text);
  got.loss.backward();
  EXPECT_EQ(got.loss.item<double>(), 1);
  EXPECT_EQ(c.projected[0].grad().abs().max().item<double>(), 0);
}

}  // namespace tss::text_similarity_test
