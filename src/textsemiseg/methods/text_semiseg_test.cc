#include "textsemiseg/methods/text_semiseg.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <ostream>

#include "support/naive_equations.h"
#include "support/numeric_gradient.h"
#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/text/prompt_learner.h"

namespace tss::text_semiseg_test {

using namespace testing;

TextSemiSegOptions small_options() {
  TextSemiSegOptions options;
  options.tmr.dimension = 16;
  options.tmr.heads = 2;
  options.tmr.dropout = 0;
  return options;
}

// What a method owns, under the names of its checkpoint.
struct Parts {
  explicit Parts(const Method& method)
      : network(std::dynamic_pointer_cast<VNetImpl>(method.named_children()["network"])),
        tmr(std::dynamic_pointer_cast<MultiplanarRepresentationImpl>(method.named_children()["tmr"])),
        projection(std::dynamic_pointer_cast<torch::nn::Conv3dImpl>(method.named_children()["projection"])) {}

  // Logits of both decoders and the projected encoder feature, put together here as Fig. 1 draws it.
  std::array<torch::Tensor, 2> run(const torch::Tensor& image, const torch::Tensor& text, torch::Tensor* projected = nullptr) {
    Skips skips = network->encoder->forward(pad_to_multiple(image, 4));
    if (projected) *projected = projection->forward(skips.back());
    skips.back() = tmr->forward(skips.back(), text);
    return {crop_like(network->decoders[0]->forward(skips).logits, image),
            crop_like(network->decoders[1]->forward(skips).logits, image)};
  }

  VNet network;
  MultiplanarRepresentation tmr;
  torch::nn::Conv3d projection;
};

// Makes decoder 1 or 2 (0 or 1 here) the worse one on labels that hold little of class 0.
void spoil(Parts& parts, size_t decoder) {
  torch::NoGradGuard no_grad;
  parts.network->decoders[decoder]->named_parameters()["out_conv.bias"][0].fill_(3);
}

struct Step {
  int64_t classes;
  std::vector<int64_t> sides;
  int64_t labelled, unlabelled;
  size_t weaker;  // 0 or 1
};

class Equations7To9 : public ::testing::TestWithParam<Step> {
 protected:
  void SetUp() override {
    torch::manual_seed(21);
    const Step step = GetParam();
    TextSemiSegOptions options = small_options();
    options.csa.reduction = "sum";  // as Eq. 4 is written
    options.dca.updates = "all";    // so that the gradient is that of the whole loss
    method_ = std::make_shared<TextSemiSeg>(options, tiny_setup(step.classes));
    method_->to(torch::kFloat64);
    method_->train();
    parts_ = std::make_unique<Parts>(*method_);
    spoil(*parts_, step.weaker);
    batch_ = to_double(tiny_batch(step.labelled, step.unlabelled, step.classes, step.sides));
    text_ = method_->class_texts();
  }
  std::shared_ptr<TextSemiSeg> method_;
  std::unique_ptr<Parts> parts_;
  Batch batch_;
  torch::Tensor text_;
};

TEST_P(Equations7To9, EqualLoopsOverTheSameNetworkOutputs) {
  const Step s = GetParam();
  torch::Tensor projected;
  const auto z = parts_->run(batch_.image, text_, &projected);
  std::array<double, 2> supervised{};
  std::array<torch::Tensor, 2> hard;
  double alignment = 0;
  for (size_t i = 0; i < 2; ++i) {
    supervised[i] = segmentation_loss(z[i].narrow(0, 0, s.labelled), batch_.label);
    hard[i] = hard_labels(z[i].narrow(0, s.labelled, s.unlabelled));
    alignment += naive_alignment(naive_class_vectors(projected, torch::softmax(z[i], 1), 4), text_);
  }
  const double unsupervised = segmentation_loss(z[0].narrow(0, s.labelled, s.unlabelled), hard[1]) +
                              segmentation_loss(z[1].narrow(0, s.labelled, s.unlabelled), hard[0]);
  const size_t weaker = supervised[0] < supervised[1] ? 1 : 0;
  ASSERT_EQ(weaker, s.weaker);
  const NaiveMixed mixed =
      naive_mix(batch_.labelled_image(), batch_.label, batch_.unlabelled_image(), hard[1 - weaker], s.classes);
  const torch::Tensor again = parts_->run(torch::cat({mixed.image_l, mixed.image_u}), text_)[weaker];
  const int64_t m = mixed.image_l.size(0);
  const double mix =
      segmentation_loss(again.narrow(0, 0, m), mixed.label_l) + segmentation_loss(again.narrow(0, m, m), mixed.label_u);

  for (const int64_t t : {0, 19, 20, 99}) {
    SCOPED_TRACE(t);
    StepRecord record(t, 100);
    method_->train_step(batch_, record);
    const double lambda = 0.1 * std::exp(-5 * std::pow(1 - static_cast<double>(t + 1) / 100, 2));
    EXPECT_NEAR(record.logged.at("supervised_1"), supervised[0], 1e-6);
    EXPECT_NEAR(record.logged.at("supervised_2"), supervised[1], 1e-6);
    EXPECT_NEAR(record.logged.at("consistency"), unsupervised, 1e-6);
    EXPECT_NEAR(record.logged.at("consistency_weight"), lambda, 1e-12);
    EXPECT_NEAR(record.logged.at("alignment"), alignment, 1e-6);
    EXPECT_EQ(record.logged.at("mixing"), t >= 20 ? 1 : 0);
    double total = supervised[0] + supervised[1] + alignment + lambda * unsupervised;
    if (t >= 20) {
      EXPECT_NEAR(record.logged.at("mixed"), mix, 1e-6);
      EXPECT_EQ(record.logged.at("better_decoder"), static_cast<double>(2 - weaker));
      total += mix;
    } else {
      EXPECT_EQ(record.logged.count("mixed"), 0u);
    }
    ASSERT_EQ(record.minimised.size(), 1u);
    EXPECT_NEAR(record.minimised[0].item<double>(), total, 1e-6);
    EXPECT_EQ(record.logged.at("loss"), record.minimised[0].item<double>());
  }
}

// Every term's gradient to every parameter, prompts included; pseudo labels are constants.
TEST_P(Equations7To9, GradientsEqualCentralDifferences) {
  const auto check = check_gradients(
      [&] {
        StepRecord record(60, 100);
        method_->train_step(batch_, record);
        return record.minimised[0];
      },
      parameters_of(*method_));
  EXPECT_LT(check.error, 1e-5) << check;
  EXPECT_GT(method_->named_parameters()["text.features"].grad().abs().max().item<double>(), 0);
}

// Eq. 8: the mixed pass trains the weaker decoder and nothing else; with updates = all also what lies before it.
TEST_P(Equations7To9, MixedLossTrainsWhatItIsToldTo) {
  const auto gradients = [&](bool mixing, const char* updates = "decoder") {
    torch::manual_seed(21);
    TextSemiSegOptions options = small_options();
    options.dca.enabled = mixing;
    options.dca.updates = updates;
    TextSemiSeg method(options, tiny_setup(GetParam().classes));
    method.to(torch::kFloat64);
    Parts parts(method);
    spoil(parts, GetParam().weaker);
    StepRecord record(50, 100);
    method.train_step(batch_, record);
    record.minimised[0].backward();
    std::map<std::string, torch::Tensor> out;
    for (const auto& p : method.named_parameters()) out[p.key()] = p.value().grad();
    return out;
  };
  const auto without = gradients(false);
  const std::string weaker = GetParam().weaker == 0 ? "network.decoder1." : "network.decoder2.";
  const std::string better = GetParam().weaker == 0 ? "network.decoder2." : "network.decoder1.";
  for (const char* updates : {"decoder", "all"}) {
    const auto with = gradients(true, updates);
    std::map<std::string, double> changed;
    for (const auto& [name, gradient] : without)
      for (const char* part : {"network.encoder.", "network.decoder1.", "network.decoder2.", "tmr.", "projection.", "text."})
        if (name.starts_with(part)) changed[part] = std::max(changed[part], largest_difference(gradient, with.at(name)));
    EXPECT_EQ(changed.size(), 6u);
    for (const auto& [part, difference] : changed) {
      const bool trained = part == weaker || (updates == std::string("all") && part != better && part != "projection.");
      if (trained)
        EXPECT_GT(difference, 1e-9) << part << " with " << updates;
      else
        EXPECT_EQ(difference, 0) << part << " with " << updates;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, Equations7To9,
                         ::testing::Values(Step{2, {4, 8, 8}, 2, 2, 0}, Step{2, {8, 4, 8}, 1, 1, 1}, Step{3, {8, 8, 4}, 1, 2, 0},
                                           Step{3, {7, 4, 9}, 1, 2, 1}));

// Nothing but the numbers given decides: no network, no engine.
TEST(TextSemiSegLoss, IsTheSumOfItsTerms) {
  torch::manual_seed(22);
  Batch batch = to_double(tiny_batch(1, 2, 3, {4, 4, 4}));
  const auto logits = [](int64_t n) { return torch::randn({n, 3, 4, 4, 4}, torch::kFloat64); };
  const TextSemiSegOutput output{{logits(3), logits(3)}, torch::tensor(0.25, torch::kFloat64)};
  const torch::Tensor again = logits(4);
  std::vector<size_t> asked;
  const auto loss_of = [&](const Batch& b, const TextSemiSegOutput& out, int64_t t) {
    const auto decode = [&](const torch::Tensor& x, size_t decoder) {
      asked.push_back(decoder);
      return again.narrow(0, 0, x.size(0));
    };
    return text_semiseg_loss({}, b, out, decode, t, 100);
  };
  const TextSemiSegLoss late = loss_of(batch, output, 20);
  EXPECT_EQ(asked, std::vector<size_t>{1 - late.better});
  EXPECT_NEAR(
      late.total.item<double>(),
      (late.supervised[0] + late.supervised[1] + late.consistency_weight * late.consistency + late.mixed).item<double>() + 0.25,
      1e-12);
  const TextSemiSegLoss early = loss_of(batch, output, 19);
  EXPECT_FALSE(early.mixed.defined());
  EXPECT_EQ(early.supervised[0].item<double>(), late.supervised[0].item<double>());
  // Labelled samples alone, and no CSA.
  const Batch labelled{batch.labelled_image(), batch.label};
  const TextSemiSegLoss alone = loss_of(labelled, {{output.logits[0].narrow(0, 0, 1), output.logits[1].narrow(0, 0, 1)}, {}}, 20);
  EXPECT_FALSE(alone.consistency.defined() || alone.alignment.defined() || alone.mixed.defined());
  EXPECT_EQ(alone.total.item<double>(), (early.supervised[0] + early.supervised[1]).item<double>());
  EXPECT_EQ(asked.size(), 1u);
}

// Random networks leave islands everywhere: the filter has something to do, in the consistency and in the mixtures.
TEST(TextSemiSeg, PseudoLabelsMayBeLargestComponents) {
  TextSemiSegOptions options = small_options();
  const auto build = [&](const char* pseudo_labels) {
    torch::manual_seed(21);
    options.pseudo_labels = pseudo_labels;
    auto method = std::make_shared<TextSemiSeg>(options, tiny_setup(3));
    method->to(torch::kFloat64);
    return method;
  };
  torch::manual_seed(4);
  const Batch batch = to_double(tiny_batch(1, 2, 3, {8, 8, 8}));
  const auto plain = build("argmax"), filtered = build("largest_component");
  Parts parts(*filtered);
  const auto z = parts.run(batch.image, filtered->class_texts());
  std::array<torch::Tensor, 2> logits, hard, largest;
  for (size_t i = 0; i < 2; ++i) {
    logits[i] = z[i].narrow(0, 1, 2);
    hard[i] = hard_labels(logits[i]);
    largest[i] = largest_component_per_class(hard[i]);
    EXPECT_FALSE(torch::equal(hard[i], largest[i]));
  }
  StepRecord of_plain(50, 100), of_filtered(50, 100);
  plain->train_step(batch, of_plain);
  filtered->train_step(batch, of_filtered);
  EXPECT_NEAR(of_plain.logged.at("consistency"), segmentation_loss(logits[0], hard[1]) + segmentation_loss(logits[1], hard[0]),
              1e-6);
  EXPECT_NEAR(of_filtered.logged.at("consistency"),
              segmentation_loss(logits[0], largest[1]) + segmentation_loss(logits[1], largest[0]), 1e-6);
  const auto better = static_cast<size_t>(of_filtered.logged.at("better_decoder")) - 1;
  const NaiveMixed mixed = naive_mix(batch.labelled_image(), batch.label, batch.unlabelled_image(), largest[better], 3);
  const torch::Tensor again = parts.run(torch::cat({mixed.image_l, mixed.image_u}), filtered->class_texts())[1 - better];
  EXPECT_NEAR(of_filtered.logged.at("mixed"),
              segmentation_loss(again.narrow(0, 0, 2), mixed.label_l) + segmentation_loss(again.narrow(0, 2, 2), mixed.label_u),
              1e-6);

  options.pseudo_labels = "largest";
  EXPECT_THAT(input_error_of([&] { options.check(); }),
              ::testing::HasSubstr("text_semiseg.pseudo_labels: found 'largest'; expected argmax or largest_component"));
}

TEST(TextSemiSeg, ReleasedRampIsOneOfIterations) {
  const auto weight = [](const char* ramp, int64_t t, int64_t t_max) {
    TextSemiSegOptions options = small_options();
    options.ramp = ramp;
    TextSemiSeg method(options, tiny_setup(2));
    StepRecord record(t, t_max);
    method.train_step(tiny_batch(1, 1, 2, {8, 8, 8}), record);
    return record.logged.at("consistency_weight");
  };
  EXPECT_EQ(weight("run", 1999, 2000), 0.1);
  EXPECT_NEAR(weight("released", 1999, 2000), 0.1 * std::exp(-5 * std::pow(1 - 13.0 / 200, 2)), 1e-12);
  EXPECT_EQ(weight("released", 30'000, 40'000), 0.1);
}

TEST(TextSemiSeg, OnATieTheSecondDecoderCountsAsTheBetterOne) {
  torch::manual_seed(1);
  TextSemiSeg method(small_options(), tiny_setup(2));
  for (auto& decoder : Parts(method).network->decoders) {
    torch::NoGradGuard no_grad;
    decoder->named_parameters()["out_conv.weight"].zero_();
    decoder->named_parameters()["out_conv.bias"].zero_();
  }
  StepRecord record(50, 100);
  method.train_step(tiny_batch(2, 2, 2, {8, 8, 8}), record);
  EXPECT_EQ(record.logged.at("supervised_1"), record.logged.at("supervised_2"));
  EXPECT_EQ(record.logged.at("better_decoder"), 2);
}

TEST(TextSemiSeg, MixingStartsWhereToldTo) {
  torch::manual_seed(2);
  const Batch batch = tiny_batch(1, 1, 2, {8, 8, 8});
  const auto mixes = [&](double start, int64_t t) {
    TextSemiSegOptions options = small_options();
    options.dca.start = start;
    TextSemiSeg method(options, tiny_setup(2));
    StepRecord record(t, 1000);
    method.train_step(batch, record);
    return record.logged.at("mixing") == 1;
  };
  EXPECT_TRUE(mixes(0, 0));
  EXPECT_FALSE(mixes(0.5, 499));
  EXPECT_TRUE(mixes(0.5, 500));
  EXPECT_FALSE(mixes(1, 999));
}

// Logits up to what softmax leaves open, in float64: log p_k - log p_0.
torch::Tensor logits_of(Method& method, const torch::Tensor& x, const torch::Tensor& text) {
  torch::NoGradGuard no_grad;
  method.set_class_texts(text);
  const torch::Tensor log_p = method.predict(x).log();
  return log_p.narrow(1, 1, log_p.size(1) - 1) - log_p.narrow(1, 0, 1);
}

torch::Tensor unit_texts(int64_t classes, int64_t dimension) {
  return torch::nn::functional::normalize(torch::randn({classes, dimension}, torch::kFloat64),
                                          torch::nn::functional::NormalizeFuncOptions().dim(1));
}

class TextEffect : public ::testing::TestWithParam<std::tuple<std::string, int64_t>> {
 protected:
  // Default sizes: VNet-16, 512 channels a token, unit texts of 512 numbers; a smaller window than 96^3 for time.
  void SetUp() override {
    torch::manual_seed(5);
    TextSemiSegOptions options;
    options.tmr.attention = std::get<0>(GetParam());
    options.tmr.dropout = 0;
    MethodSetup setup;
    setup.network.classes = std::get<1>(GetParam());
    setup.network.dropout = false;
    setup.patch = {16, 32, 32};
    setup.text = tiny_texts(setup.network.classes, 512);
    method_ = std::make_shared<TextSemiSeg>(options, setup);
    method_->to(torch::kFloat64);
    x_ = torch::randn({1, 1, 16, 32, 32}, torch::kFloat64);
    text_ = unit_texts(setup.network.classes, 512);
  }
  std::shared_ptr<TextSemiSeg> method_;
  torch::Tensor x_, text_;
};

TEST_P(TextEffect, OtherTextsChangeTheLogitsAndTheirOrderDoesNot) {
  for (const bool train : {false, true}) {
    method_->train(train);
    const torch::Tensor logits = logits_of(*method_, x_, text_);
    const double scale = logits.abs().max().item<double>();
    const double other = largest_difference(logits_of(*method_, x_, unit_texts(text_.size(0), 512)), logits) / scale;
    const double permuted = largest_difference(logits_of(*method_, x_, text_.flip({0})), logits) / scale;
    std::cout << (train ? "statistics of the batch" : "running statistics") << ": relative change of the logits by other texts "
              << other << ", by permuted ones " << permuted << "\n";
    // Running statistics that no step has set yet let the deep features fade on their way to the logits.
    EXPECT_GT(other, train ? 1e-6 : 0.0);
    EXPECT_LT(permuted, 1e-12);
  }
}

INSTANTIATE_TEST_SUITE_P(Attention, TextEffect,
                         ::testing::Combine(::testing::Values("text_queries", "visual_queries"), ::testing::Values(2, 3)));

TEST(TextSemiSeg, WithoutFusionTextsDoNotReachThePrediction) {
  torch::manual_seed(6);
  TextSemiSegOptions options;
  options.tmr.fusion = "none";
  TextSemiSeg method(options, tiny_setup(2));
  method.to(torch::kFloat64);
  method.eval();
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8}, torch::kFloat64);
  EXPECT_TRUE(torch::equal(logits_of(method, x, unit_texts(2, 16)), logits_of(method, x, unit_texts(2, 16))));
}

TEST(TextSemiSeg, TextScaleMultipliesWhatTheAttentionSees) {
  const auto logits = [](double scale, double length) {
    torch::manual_seed(7);
    TextSemiSegOptions options = small_options();
    options.tmr.text_scale = scale;
    TextSemiSeg method(options, tiny_setup(2));
    method.to(torch::kFloat64);
    method.eval();
    const torch::Tensor x = torch::randn({1, 1, 8, 8, 8}, torch::kFloat64), text = unit_texts(2, 16);
    return logits_of(method, x, text * length);
  };
  EXPECT_LT(largest_difference(logits(10, 1), logits(1, 10)), 1e-12);
  EXPECT_GT(largest_difference(logits(10, 1), logits(1, 1)), 1e-9);
}

// A small CLIP with prompts of two classes: start, two vectors, name, end (the largest id).
std::shared_ptr<TextSource> prompts(bool class_specific) {
  ClipTextConfig config;
  config.context = 8;
  config.vocabulary = 12;
  config.embed = config.width = 16;
  config.heads = 2;
  config.layers = 2;
  return std::make_shared<PromptLearner>(
      random_clip_text_encoder(config, 3), std::vector<std::vector<int64_t>>{{10, 1, 1, 4, 11}, {10, 1, 1, 5, 6, 11}},
      std::vector<ClassText>{{"background", "clip"}, {"organ", "clip"}}, PromptOptions{2, class_specific}, 4);
}

struct Path {
  std::string fusion;
  bool alignment, class_specific;
};

void PrintTo(const Path& path, std::ostream* out) {
  *out << path.fusion << (path.alignment ? ", CSA" : "") << (path.class_specific ? "" : ", shared");
}

class PromptGradient : public ::testing::TestWithParam<Path> {};

// Through TMR alone, through CSA alone, through both.
TEST_P(PromptGradient, ReachesThePromptVectors) {
  torch::manual_seed(8);
  const Path path = GetParam();
  TextSemiSegOptions options = small_options();
  options.tmr.fusion = path.fusion;
  options.csa.enabled = path.alignment;
  options.dca.updates = "all";  // so that the gradient is that of the whole loss
  MethodSetup setup = tiny_setup(2);
  setup.text = prompts(path.class_specific);
  TextSemiSeg method(options, setup);
  method.to(torch::kFloat64);
  const Batch batch = to_double(tiny_batch(1, 1, 2, {8, 8, 8}));
  const torch::Tensor vectors = method.named_parameters()["text.prompt_vectors"];
  const auto check = check_gradients(
      [&] {
        StepRecord record(60, 100);
        method.train_step(batch, record);
        return record.minimised[0];
      },
      {{"text.prompt_vectors", vectors}}, 1e-5);
  EXPECT_LT(check.error, 1e-4) << check;
  const double gradient = vectors.grad().norm().item<double>();
  std::cout << "norm of the gradient to the prompt vectors: " << gradient << "\n";
  EXPECT_GT(gradient, 0);
  for (int64_t k = 0; k < vectors.grad().size(0); ++k) EXPECT_GT(vectors.grad()[k].abs().max().item<double>(), 0) << k;
}

INSTANTIATE_TEST_SUITE_P(Paths, PromptGradient,
                         ::testing::Values(Path{"multiplanar", true, true}, Path{"multiplanar", true, false},
                                           Path{"multiplanar", false, true}, Path{"none", true, true},
                                           Path{"repeat", false, true}));

TEST(TextSemiSeg, TextsOfThePredictionAreFrozenUntilTheNextTrainingStep) {
  torch::manual_seed(9);
  TextSemiSeg method(small_options(), tiny_setup(2));
  const torch::Tensor parameter = method.named_parameters()["text.features"];
  method.begin_prediction();
  const torch::Tensor frozen = method.class_texts().clone();
  {
    torch::NoGradGuard no_grad;
    parameter.copy_(torch::randn_like(parameter));
  }
  EXPECT_TRUE(torch::equal(method.class_texts(), frozen));
  method.set_class_texts(2 * frozen);
  method.begin_prediction();  // keeps texts that were set
  EXPECT_TRUE(torch::equal(method.class_texts(), 2 * frozen));
  StepRecord record(0, 100);
  method.train_step(tiny_batch(1, 1, 2, {8, 8, 8}), record);
  EXPECT_LT(largest_difference(method.class_texts(), parameter / parameter.norm(2, 1, true)), 1e-6);
}

// MC-Net's network, one text block, one projection; the texts are not counted.
TEST(TextSemiSeg, NumberOfParameters) {
  MethodSetup setup;
  setup.text = tiny_texts(2, 512);
  const TextSemiSeg method(TextSemiSegOptions{}, setup);
  std::map<std::string, int64_t> counts;
  for (const auto& child : method.named_children())
    for (const auto& parameter : child.value()->parameters()) counts[child.key()] += parameter.numel();
  EXPECT_EQ(counts["network"], 12'347'716);
  EXPECT_EQ(counts["tmr"], 5'046'531);
  EXPECT_EQ(counts["projection"], 131'584);
}

TEST(TextSemiSeg, AnyWindowSizeIsPredicted) {
  torch::manual_seed(10);
  TextSemiSeg method(small_options(), tiny_setup(2));
  EXPECT_FALSE(method.fixed_window());
  method.eval();
  torch::NoGradGuard no_grad;
  EXPECT_EQ(method.predict(torch::randn({1, 1, 12, 4, 17})).sizes(), (std::vector<int64_t>{1, 2, 12, 4, 17}));
}

}  // namespace tss::text_semiseg_test
