#include "textsemiseg/methods/mcf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/numeric_gradient.h"
#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/methods/registry.h"

namespace tss::mcf_test {

using namespace testing;

torch::Tensor probabilities(const torch::Tensor& logits) { return torch::softmax(logits.detach(), 1); }

// D1: mean over foreground classes of 1 - (2 sum p g + 1e-5) / (sum p^2 + sum g + 1e-5).
double naive_dice(const torch::Tensor& logits, const torch::Tensor& label) {
  double total = 0;
  for (int64_t k = 1; k < logits.size(1); ++k) {
    const Row p = row_of(probabilities(logits).select(1, k)), y = row_of(label);
    double overlap = 0, sizes = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      const double g = y[i] == static_cast<double>(k) ? 1 : 0;
      overlap += p[i] * g;
      sizes += p[i] * p[i] + g;
    }
    total += 1 - (2 * overlap + 1e-5) / (sizes + 1e-5);
  }
  return total / static_cast<double>(logits.size(1) - 1);
}

// mean((p - S(q))^2) with S(q)_c = q_c^10 / sum_k q_k^10.
double naive_consistency(const torch::Tensor& student, const torch::Tensor& teacher) {
  const torch::Tensor p_held = probabilities(student), q_held = probabilities(teacher);
  const auto p = p_held.accessor<double, 5>(), q = q_held.accessor<double, 5>();
  double sum = 0;
  for_voxels(student, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
    double all = 0;
    for (int64_t c = 0; c < student.size(1); ++c) all += std::pow(q[n][c][i][j][k], 10);
    for (int64_t c = 0; c < student.size(1); ++c) sum += std::pow(p[n][c][i][j][k] - std::pow(q[n][c][i][j][k], 10) / all, 2);
  });
  return sum / static_cast<double>(student.numel());
}

class McfClasses : public ::testing::TestWithParam<int64_t> {
 protected:
  // Logits that say the label (of the first two of four samples) with the given strength, plus noise.
  torch::Tensor logits(double strength) const {
    torch::Tensor z = torch::randn({4, GetParam(), 2, 3, 4}, torch::kFloat64);
    z.narrow(0, 0, 2).add_(torch::one_hot(label_, GetParam()).permute({0, 4, 1, 2, 3}), strength);
    return z.requires_grad_(true);
  }
  void SetUp() override {
    torch::manual_seed(1);
    label_ = torch::randint(GetParam(), {2, 2, 3, 4}, torch::kInt64);
  }
  torch::Tensor label_;
};

TEST_P(McfClasses, TheWorseNetworkLearnsTheBetterOnesSharpenedLabels) {
  for (const size_t better : {0u, 1u}) {
    const std::array<torch::Tensor, 2> z = {logits(better == 0 ? 2 : 0), logits(better == 1 ? 2 : 0)};
    const McfLoss loss = mcf_loss({}, z, label_, 499, 1000);
    ASSERT_EQ(loss.better, better);
    const double weight = 0.1 * std::exp(-5 * 0.25);
    const auto rows = [&](size_t i, int64_t from) { return z[i].narrow(0, from, 2); };
    const double consistency = naive_consistency(rows(1 - better, 2), rows(better, 2));
    EXPECT_NEAR(loss.consistency.item<double>(), consistency, 1e-12);
    EXPECT_NEAR(loss.consistency_weight, weight, 1e-13);
    for (size_t i = 0; i < 2; ++i) {
      const auto& one = loss.networks[i];
      EXPECT_NEAR(one.dice.item<double>(), naive_dice(rows(i, 0), label_), 1e-12);
      const double sum = one.cross_entropy.item<double>() + one.dice.item<double>() + 0.5 * one.rectification.item<double>();
      EXPECT_NEAR(one.total.item<double>(), sum + (i == better ? 0 : weight * consistency), 1e-12);
    }
    // The pseudo labels carry no gradient, and the better network gets none from the unlabelled samples.
    (loss.networks[0].total + loss.networks[1].total).backward();
    EXPECT_EQ(z[better].grad().narrow(0, 2, 2).abs().max().item<double>(), 0);
    EXPECT_GT(z[1 - better].grad().narrow(0, 2, 2).abs().max().item<double>(), 0);
  }
}

TEST_P(McfClasses, OnATieTheResidualNetworkCountsAsTheBetter) {
  const torch::Tensor z = logits(1);
  EXPECT_EQ(mcf_loss({}, {z, z}, label_, 0, 10).better, 1u);
}

TEST_P(McfClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  torch::manual_seed(2);
  Mcf method({}, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  const Batch batch = to_double(tiny_batch(1, 1, GetParam(), {8, 4, 8}));
  const auto groups = method.parameter_groups();
  ASSERT_EQ(groups.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    NamedTensors own;
    for (const auto& [name, parameter] : parameters_of(method))
      if (name.starts_with(groups[i].name + ".")) own.emplace_back(name, parameter);
    ASSERT_EQ(own.size(), groups[i].parameters.size());
    const auto check = check_gradients(
        [&] {
          StepRecord record(90, 100);
          method.train_step(batch, record);
          EXPECT_EQ(record.groups, (std::vector<std::string>{"v", "r"}));
          return record.minimised[i];
        },
        own);
    EXPECT_LT(check.error, 1e-5) << groups[i].name << ": " << check;
  }
}

INSTANTIATE_TEST_SUITE_P(K, McfClasses, ::testing::Values(2, 3));

TEST(Mcf, RampCountsInShareOfTheRunOrInReleasedEpochs) {
  const torch::Tensor z = torch::zeros({1, 2, 2, 2, 2}), label = torch::zeros({1, 2, 2, 2}, torch::kInt64);
  McfOptions options;
  const auto weight = [&](int64_t t, int64_t t_max) { return mcf_loss(options, {z, z}, label, t, t_max).consistency_weight; };
  EXPECT_EQ(weight(999, 1000), 0.1);
  EXPECT_LT(weight(998, 1000), 0.1);
  options.variant = "reference";
  EXPECT_NEAR(weight(149, 1000), 0.1 * std::exp(-5), 1e-15);
  EXPECT_EQ(weight(6'000, 1000), 0.1);
}

TEST(Mcf, NetworksStartFromKaimingNormal) {
  const Mcf method({}, {});
  EXPECT_EQ(parameter_count(method), 9'448'866 + 17'930'354);
  const auto weights = method.named_parameters();
  const double expected = std::sqrt(2.0 / (256 * 27));
  EXPECT_NEAR(weights["v.encoder.block_five.conv.0.weight"].std().item<double>(), expected, 1e-4);
  EXPECT_NEAR(weights["r.resnet_encoder.layer4.1.conv1.weight"].std().item<double>(), expected, 1e-4);
  EXPECT_EQ(weights["r.resnet_encoder.layer4.1.bn2.weight"].min().item<double>(), 1);
}

TEST(Mcf, PredictsTheMeanOfBothProbabilities) {
  torch::manual_seed(3);
  Mcf method({}, tiny_setup(3));
  method.eval();
  const torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 9, 8, 5});
  const auto v = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["v"]);
  const auto r = std::dynamic_pointer_cast<ResidualVNetImpl>(method.named_children()["r"]);
  const torch::Tensor p = (torch::softmax(v->forward(x)[0], 1) + torch::softmax(r->forward(x), 1)) / 2;
  EXPECT_LT(largest_difference(method.predict(x), p), 1e-6);
}

TEST(Mcf, WrongOptionsNameTheField) {
  const auto error = [](const std::string& options, MethodSetup setup = tiny_setup(2)) {
    return input_error_of([&] { method_info("mcf").make(Json::parse(options), "run.toml", setup); });
  };
  EXPECT_THAT(error(R"({"rectification_weight": -1})"), ::testing::HasSubstr("mcf.rectification_weight: found -1"));
  EXPECT_THAT(error(R"({"variant": "released"})"), ::testing::HasSubstr("mcf.variant: found 'released'"));
  MethodSetup instance = tiny_setup(2);
  instance.network.normalisation = "instance";
  EXPECT_THAT(error("{}", instance), ::testing::HasSubstr("network.normalisation: found 'instance'"));
}

}  // namespace tss::mcf_test
