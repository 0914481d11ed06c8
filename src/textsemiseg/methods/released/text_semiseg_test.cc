#include "textsemiseg/methods/released/text_semiseg.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/tiny.h"

namespace tss::text_semiseg_released_test {

using namespace testing;

TextSemiSegOptions reference() {
  TextSemiSegOptions options;
  options.variant = "reference";
  options.tmr.dropout = 0;
  return options;
}

torch::Tensor texts() { return torch::randn({2, 16}); }

// Whole planes as tokens: the text has no way to the output.
TEST(TextSemiSegReleased, OtherTextsGiveBitEqualLogits) {
  torch::manual_seed(1);
  TextSemiSegReleased method(reference(), tiny_setup(2));
  const torch::Tensor x = torch::randn({2, 1, 8, 8, 8});
  torch::NoGradGuard no_grad;
  for (const bool train : {false, true}) {
    method.train(train);
    method.set_class_texts(texts());
    const torch::Tensor p = method.predict(x);
    method.set_class_texts(10 * texts());
    EXPECT_TRUE(torch::equal(method.predict(x), p));
  }
  const auto net = std::dynamic_pointer_cast<TextVNetImpl>(method.named_children()["network"]);
  const auto one = net->forward(x, texts()), other = net->forward(x, texts());
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(torch::equal(one.logits[i], other.logits[i]));
    EXPECT_TRUE(torch::equal(one.features[i], other.features[i]));
  }
}

// The default sizes, at the smallest patch that has more than one voxel in the deepest plane.
TEST(TextSemiSegReleased, OtherTextsGiveBitEqualLogitsAtTheReleasedSizes) {
  torch::manual_seed(2);
  MethodSetup setup;
  setup.patch = {32, 32, 32};
  setup.text = tiny_texts(2, 512);
  TextSemiSegReleased method(reference(), setup);
  method.eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 32, 32, 32});
  method.set_class_texts(torch::randn({2, 512}));
  const torch::Tensor p = method.predict(x);
  method.set_class_texts(torch::randn({2, 512}));
  EXPECT_TRUE(torch::equal(method.predict(x), p));
}

TEST(TextSemiSegReleased, TextsTakeGradientFromTheAlignmentAlone) {
  torch::manual_seed(3);
  TextSemiSegReleased method(reference(), tiny_setup(2));
  const auto net = std::dynamic_pointer_cast<TextVNetImpl>(method.named_children()["network"]);
  const torch::Tensor text = texts().requires_grad_(true);
  const auto step = text_semiseg_released_step(
      reference(), tiny_batch(2, 2, 2, {8, 8, 8}), text, [&](const torch::Tensor& x) { return net->forward(x, text); }, 7000);
  const auto largest_gradient = [&](const torch::Tensor& loss) {
    const auto gradient = torch::autograd::grad({loss}, {text}, {}, true, false, true)[0];
    return gradient.defined() ? gradient.abs().max().item<double>() : 0.0;
  };
  EXPECT_EQ(largest_gradient(step.supervised[0] + step.supervised[1] + step.consistency[0] + step.consistency[1]), 0);
  EXPECT_EQ(largest_gradient(step.mixed_supervised), 0);
  EXPECT_GT(largest_gradient(step.alignment), 0);
  EXPECT_GT(largest_gradient(step.mixed_alignment), 0);
}

TEST(TextSemiSegReleased, PredictsTheSigmoidOfTheForegroundLogit) {
  torch::manual_seed(4);
  TextSemiSegReleased method(reference(), tiny_setup(2));
  method.eval();
  torch::NoGradGuard no_grad;
  EXPECT_TRUE(method.fixed_window());
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8}), p = method.predict(x);
  const auto net = std::dynamic_pointer_cast<TextVNetImpl>(method.named_children()["network"]);
  EXPECT_TRUE(torch::equal(p.select(1, 1), torch::sigmoid(net->forward(x, texts()).logits[0].select(1, 1))));
  EXPECT_LT(largest_difference(p.sum(1), torch::ones({1, 8, 8, 8})), 1e-6);
}

TEST(TextSemiSegReleased, MixesAfter6000Steps) {
  torch::manual_seed(5);
  TextSemiSegReleased method(reference(), tiny_setup(2));
  const Batch batch = tiny_batch(1, 1, 2, {8, 8, 8});
  for (const int64_t t : {6000, 6001}) {
    StepRecord record(t, 100);  // absolute, whatever the run's length
    method.train_step(batch, record);
    EXPECT_EQ(record.logged.at("mixing"), t > 6000 ? 1 : 0);
    EXPECT_EQ(record.logged.count("mixed_supervised"), t > 6000 ? 1u : 0u);
  }
}

TEST(TextSemiSegReleased, WithoutUnlabelledSamplesOnlyTheSupervisedAndAlignmentTermsCount) {
  torch::manual_seed(6);
  TextSemiSegReleased method(reference(), tiny_setup(2));
  StepRecord record(7000, 30000);
  method.train_step(tiny_batch(2, 0, 2, {8, 8, 8}), record);
  EXPECT_NEAR(record.logged.at("loss"),
              record.logged.at("supervised_1") + record.logged.at("supervised_2") + record.logged.at("alignment"), 1e-5);
  EXPECT_EQ(record.logged.at("mixing"), 0);
}

}  // namespace tss::text_semiseg_released_test
