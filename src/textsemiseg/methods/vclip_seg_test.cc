#include "textsemiseg/methods/vclip_seg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/networks.h"
#include "support/step_gradient.h"
#include "support/testing.h"

namespace tss::vclip_seg_test {

using namespace testing;
using ::testing::HasSubstr;
namespace F = torch::nn::functional;

constexpr int64_t kBlock = 2;

struct Drawn {
  VclipOutput output;
  torch::Tensor label, text;
};

// Three samples of 2 x 4 x 4 voxels, of which two are labelled; decoders right about every third voxel.
Drawn draw(int64_t classes) {
  Drawn out;
  out.label = torch::randint(classes, {2, 2, 4, 4}, torch::kInt64);
  for (size_t i = 0; i < 2; ++i) {
    torch::Tensor z = torch::randn({3, classes, 2, 4, 4}, torch::kFloat64);
    z.narrow(0, 0, 2).scatter_add_(1, out.label.unsqueeze(1), torch::ones({2, 1, 2, 4, 4}, torch::kFloat64));
    out.output.logits[i] = z.requires_grad_(true);
    out.output.projected[i] = torch::randn({3, 1 * 2 * 2, 6}, torch::kFloat64).requires_grad_(true);
  }
  out.text = torch::randn({classes, 6}, torch::kFloat64);
  return out;
}

VclipSegLoss loss_of(const Drawn& c, int64_t t = 199) { return vclip_seg_loss({}, c.output, c.label, c.text, kBlock, t, 1000); }

class VclipSegClasses : public ::testing::TestWithParam<int64_t> {};

TEST_P(VclipSegClasses, LossEqualsItsTerms) {
  torch::manual_seed(1);
  const Drawn c = draw(GetParam());
  const VclipSegLoss loss = loss_of(c);
  const auto& z = c.output.logits;
  std::array<double, 2> dice{}, score{};
  for (size_t i = 0; i < 2; ++i) {
    dice[i] = foreground_dice_loss(z[i].narrow(0, 0, 2), c.label);
    score[i] = std::exp(1 - 1 / (1 + std::exp(-dice[i])));
  }
  const double w = score[0] / (score[0] + score[1]);
  const torch::Tensor pseudo = hard_labels(w * torch::softmax(z[0], 1) + (1 - w) * torch::softmax(z[1], 1));
  EXPECT_TRUE(torch::equal(loss.dynamic.label, pseudo));
  double consistency = 0;
  for (const auto& one : z) consistency += F::cross_entropy(one, pseudo).item<double>() + foreground_dice_loss(one, pseudo);

  // The mean vector of each class over the corners of the blocks on which the label and both decoders agree.
  double cosines = 0;
  for (int64_t k = 0; k < GetParam(); ++k) {
    torch::Tensor sum = torch::zeros({6}, torch::kFloat64);
    int64_t positions = 0;
    for (int64_t n = 0; n < 2; ++n)
      for (int64_t p = 0; p < 4; ++p) {
        const auto at = [&](const torch::Tensor& labels) { return labels[n][0][p / 2 * kBlock][p % 2 * kBlock].item<int64_t>(); };
        if (at(c.label) != k || at(hard_labels(z[0])) != k || at(hard_labels(z[1])) != k) continue;
        for (const auto& one : c.output.projected) sum += one[n][p].detach();
        ++positions;
      }
    EXPECT_EQ(loss.similarity.agreeing[k].item<int64_t>(), positions);
    if (positions > 0) cosines += (sum.dot(c.text[k]) / (sum.norm() * c.text[k].norm())).item<double>();
  }
  const double similarity = 1 - cosines / static_cast<double>(GetParam());
  EXPECT_NEAR(loss.dice_sum.item<double>(), dice[0] + dice[1], 1e-12);
  EXPECT_NEAR(loss.consistency_sum.item<double>(), consistency, 1e-12);
  EXPECT_NEAR(loss.similarity.loss.item<double>(), similarity, 1e-12);
  EXPECT_LT(similarity, 1);
  EXPECT_NEAR(loss.total.item<double>(), 0.5 * (dice[0] + dice[1]) + std::exp(-5 * 0.25) * consistency + 0.5 * similarity,
              1e-12);  // 200 of 0.4 * 1000
}

TEST_P(VclipSegClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  torch::manual_seed(2);
  VclipSegOptions options;
  options.train_text = true;
  VclipSeg method(options, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  const auto check = check_step_gradients(method, to_double(tiny_batch(1, 1, GetParam(), {8, 4, 8})), 30, 100);
  EXPECT_LT(check.error, 1e-5) << check;
}

INSTANTIATE_TEST_SUITE_P(K, VclipSegClasses, ::testing::Values(2, 3));

TEST(VclipSeg, OnlyLabelledPositionsAreDrawnToTexts) {
  torch::manual_seed(3);
  const Drawn c = draw(2);
  loss_of(c).total.backward();
  for (const auto& projected : c.output.projected) {
    EXPECT_EQ(projected.grad()[2].abs().max().item<double>(), 0);
    EXPECT_GT(projected.grad().abs().max().item<double>(), 0);
  }
}

TEST(VclipSeg, AClassWithoutAgreementIsSkipped) {
  torch::manual_seed(4);
  Drawn c = draw(3);
  c.label.masked_fill_(c.label == 2, 0);
  const VclipSegLoss loss = loss_of(c);
  EXPECT_EQ(loss.similarity.agreeing[2].item<int64_t>(), 0);
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  c.text[2].fill_(7);
  EXPECT_EQ(loss_of(c).total.item<double>(), loss.total.item<double>());
}

TEST(VclipSeg, TextsAreFrozenUnlessAskedFor) {
  for (const bool trained : {false, true}) {
    torch::manual_seed(5);
    const MethodSetup setup = tiny_setup(2);
    VclipSegOptions options;
    options.train_text = trained;
    VclipSeg method(options, setup);
    StepRecord record(9, 10);
    method.train_step(tiny_batch(2, 1, 2, {8, 8, 8}), record);
    record.minimised[0].backward();
    const torch::Tensor texts = setup.text->parameters()[0];
    EXPECT_EQ(texts.requires_grad(), trained);
    EXPECT_EQ(texts.grad().defined() && texts.grad().abs().max().item<double>() > 0, trained);
  }
}

TEST(VclipSeg, VariantsDifferInTheAxisOfTheNorm) {
  for (const char* variant : {"paper", "reference"}) {
    torch::manual_seed(6);
    VclipSegOptions options;
    options.variant = variant;
    VclipSeg method(options, tiny_setup(2));
    method.eval();
    const auto net = std::dynamic_pointer_cast<VclipVNetImpl>(method.named_children()["network"]);
    const torch::Tensor projected = net->forward(torch::randn({1, 1, 8, 8, 12}), torch::randn({2, 16})).projected[0];
    const torch::Tensor lengths =
        options.variant == "paper" ? projected.norm(2, 2) : projected.transpose(1, 2).reshape({1, 16, 2, 2, 3}).norm(2, -1);
    EXPECT_LT((lengths - 1).abs().max().item<double>(), 1e-5) << variant;
  }
}

TEST(VclipSeg, PredictsWithTheFirstDecoderAndTheScaledTexts) {
  torch::manual_seed(7);
  VclipSegOptions options;
  options.text_scale = 3;
  VclipSeg method(options, tiny_setup(3));
  method.eval();
  const auto net = std::dynamic_pointer_cast<VclipVNetImpl>(method.named_children()["network"]);
  const torch::Tensor x = torch::randn({1, 1, 9, 8, 8}), texts = torch::randn({3, 16});
  EXPECT_TRUE(torch::equal(method.predict(x), torch::softmax(net->forward(x, 3 * method.class_texts()).logits[0], 1)));
  method.set_class_texts(texts);
  EXPECT_TRUE(torch::equal(method.predict(x), torch::softmax(net->forward(x, 3 * texts).logits[0], 1)));
}

TEST(VclipSeg, HasThePublishedNumberOfParameters) {
  MethodSetup setup;
  setup.text = tiny_texts(2, 512);
  const VclipSeg method({}, setup);
  EXPECT_EQ(parameter_count(*method.named_children()["network"]), 16'857'142);
}

TEST(VclipSeg, ErrorsNameTheField) {
  const auto error = [](auto change) {
    VclipSegOptions options;
    change(options);
    return input_error_of([&] { options.check(); });
  };
  EXPECT_THAT(error([](auto& o) { o.similarity_weight = -1; }), HasSubstr("vclip_seg.similarity_weight: found -1"));
  EXPECT_THAT(error([](auto& o) { o.text_scale = NAN; }), HasSubstr("vclip_seg.text_scale: found nan"));
  EXPECT_THAT(error([](auto& o) { o.variant = "released"; }), HasSubstr("vclip_seg.variant: found 'released'"));
  EXPECT_THAT(input_error_of([] {
                MethodSetup setup = tiny_setup(2);
                setup.text = nullptr;
                VclipSeg({}, setup);
              }),
              HasSubstr("text: no text source; expected one, because vclip_seg needs class texts"));
}

}  // namespace tss::vclip_seg_test
