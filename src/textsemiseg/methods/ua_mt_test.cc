#include "textsemiseg/methods/ua_mt.h"

#include <gmock/gmock.h>

#include <cmath>

#include "support/step_gradient.h"
#include "support/testing.h"
#include "support/text_guided.h"

namespace tss::ua_mt_test {

using namespace testing;
using ::testing::StartsWith;

VNet network(const Method& method, const std::string& name = "network") {
  return VNet(std::dynamic_pointer_cast<VNetImpl>(method.named_children()[name]));
}

struct NaiveConsistency {
  double loss = 0, certain = 0;
};

// Student p against teacher q where the entropy of m stays below (0.75 + 0.25 exp(-5 (1 - t / t_max)^2)) ln K; voxel by voxel.
NaiveConsistency naive_consistency(const torch::Tensor& p_of, const torch::Tensor& q_of, const torch::Tensor& m_of,
                                   double share) {
  const auto p = p_of.accessor<double, 5>(), q = q_of.accessor<double, 5>(), m = m_of.accessor<double, 5>();
  const int64_t classes = p_of.size(1);
  const double threshold = (0.75 + 0.25 * std::exp(-5 * (1 - share) * (1 - share))) * std::log(static_cast<double>(classes));
  NaiveConsistency out;
  double sum = 0;
  for_voxels(p_of, [&](int64_t n, int64_t x, int64_t y, int64_t z) {
    double uncertainty = 0, squares = 0;
    for (int64_t k = 0; k < classes; ++k) {
      uncertainty -= m[n][k][x][y][z] * std::log(m[n][k][x][y][z] + 1e-6);
      squares += std::pow(p[n][k][x][y][z] - q[n][k][x][y][z], 2);
    }
    if (uncertainty >= threshold) return;
    out.certain += 1;
    sum += squares;
  });
  out.loss = sum / (static_cast<double>(classes) * out.certain);
  return out;
}

class UaMtClasses : public ::testing::TestWithParam<int64_t> {
 protected:
  static torch::Tensor logits(int64_t samples, double scale) {
    return scale * torch::randn({samples, GetParam(), 3, 4, 5}, torch::kFloat64);
  }
};

TEST_P(UaMtClasses, LossEqualsLoops) {
  torch::manual_seed(1);
  const torch::Tensor z = logits(5, 1), label = torch::randint(GetParam(), {2, 3, 4, 5}, torch::kInt64);
  const TeacherPrediction teacher{torch::softmax(logits(3, 1), 1), torch::softmax(logits(3, 1.5), 1)};
  UaMtOptions options;
  const UaMtLoss loss = ua_mt_loss(options, z, label, teacher, 499, 1000);
  const NaiveConsistency naive = naive_consistency(torch::softmax(z.narrow(0, 2, 3), 1), teacher.target, teacher.mean, 0.499);
  const double supervised = 0.5 * segmentation_loss(z.narrow(0, 0, 2), label), lambda = 0.1 * std::exp(-5 * 0.25);
  ASSERT_GT(naive.certain, 0);
  ASSERT_LT(naive.certain, 3 * 60);
  EXPECT_EQ(loss.certain.sum().item<double>(), naive.certain);
  EXPECT_NEAR(loss.supervised.item<double>(), supervised, 1e-9);
  EXPECT_NEAR(loss.consistency.item<double>(), naive.loss, 1e-12);
  EXPECT_NEAR(loss.consistency_weight, lambda, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(), supervised + lambda * naive.loss, 1e-9);

  options.dice = "foreground";
  const UaMtLoss foreground = ua_mt_loss(options, z, label, teacher, 499, 1000);
  const torch::Tensor difference = 2 * (foreground.supervised - loss.supervised);  // of the Dice losses
  const torch::Tensor y = torch::one_hot(label, GetParam()).movedim(-1, 1).to(torch::kFloat64);
  const torch::Tensor p = torch::softmax(z.narrow(0, 0, 2), 1);
  const torch::Tensor per_class = 1 - (2 * (p * y).sum({0, 2, 3, 4}) + 1e-5) / ((p * p + y).sum({0, 2, 3, 4}) + 1e-5);
  EXPECT_NEAR(difference.item<double>(), (per_class.slice(0, 1).mean() - per_class.mean()).item<double>(), 1e-9);
}

TEST_P(UaMtClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  torch::manual_seed(2);
  UaMt method({}, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  const auto check = check_step_gradients(method, to_double(tiny_batch(1, 2, GetParam(), {8, 4, 8})), 90, 100);
  EXPECT_LT(check.error, 1e-5) << check;
  for (const auto& parameter : network(method, "teacher")->parameters()) EXPECT_FALSE(parameter.grad().defined());
}

// TMR reaches the student's loss, CSA adds Eq. 4 to it, and both train the texts.
TEST_P(UaMtClasses, TextsAddTheAlignmentOfEveryDecoderAndSample) {
  torch::manual_seed(4);
  UaMtOptions options = with_texts<UaMtOptions>("paper");
  options.csa.reduction = "sum";
  options.consistency_weight = 0;
  UaMt method(options, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  EXPECT_EQ(parts_of(method),
            (std::set<std::string>{"network.decoder1", "network.encoder", "network.projection", "network.tmr", "teacher.decoder1",
                                   "teacher.encoder", "teacher.projection", "teacher.tmr", "text.features"}));
  const Batch batch = to_double(tiny_batch(1, 1, GetParam(), {8, 8, 7}));
  StepRecord record(0, 100);
  method.train_step(batch, record);
  auto net = network(method);
  const torch::Tensor z =
      crop_like(net->decoders[0]->forward(enhanced_skips(method, net->encoder, batch.image, 4)).logits, batch.image);
  const double supervised = 0.5 * segmentation_loss(z.narrow(0, 0, 1), batch.label);
  const double alignment = naive_alignment_of(method, net->encoder, batch.image, torch::softmax(z, 1), 4);
  EXPECT_NEAR(record.logged.at("supervised"), supervised, 1e-6);
  EXPECT_NEAR(record.logged.at("alignment"), alignment, 1e-6);
  EXPECT_NEAR(record.logged.at("loss"), supervised + alignment, 1e-6);
  record.minimised[0].backward();
  EXPECT_GT(method.named_parameters()["text.features"].grad().abs().max().item<double>(), 0);
}

INSTANTIATE_TEST_SUITE_P(K, UaMtClasses, ::testing::Values(2, 3));

TEST(UaMt, RampsCountInSharesOfTheRunOrInReleasedEpochs) {
  const torch::Tensor z = torch::zeros({1, 2, 2, 2, 2}), label = torch::zeros({1, 2, 2, 2}, torch::kInt64);
  UaMtOptions options;
  const auto weight = [&](int64_t t, int64_t t_max) { return ua_mt_loss(options, z, label, {}, t, t_max).consistency_weight; };
  EXPECT_EQ(weight(999, 1000), 0.1);
  EXPECT_LT(weight(998, 1000), 0.1);
  options.variant = "reference";
  EXPECT_NEAR(weight(149, 1000), 0.1 * std::exp(-5), 1e-15);
  EXPECT_GT(weight(150, 1000), weight(149, 1000));
  EXPECT_LT(weight(29'999, 1000), 0.1);
  EXPECT_EQ(weight(30'000, 1000), 0.1);
  options.ramp_epochs = 40;
  EXPECT_EQ(weight(6'000, 1000), 0.1);
  EXPECT_FALSE(ua_mt_loss(options, z, label, {}, 0, 10).consistency.defined());
}

TEST(UaMt, TheTeacherStartsAsACopyAndFollowsTheStudent) {
  torch::manual_seed(5);
  UaMt method({}, tiny_setup(2));
  const torch::Tensor student = method.named_parameters()["network.decoder1.out_conv.weight"],
                      teacher = method.named_parameters()["teacher.decoder1.out_conv.weight"];
  EXPECT_TRUE(torch::equal(student, teacher));
  EXPECT_FALSE(teacher.requires_grad());
  const auto move = [&] {
    torch::NoGradGuard no_grad;
    student.add_(1);
  };
  move();
  method.after_step(0);
  EXPECT_TRUE(torch::equal(student, teacher));
  const torch::Tensor before = teacher.clone();
  move();
  method.after_step(1);
  EXPECT_LT(largest_difference(teacher, before + 0.5), 1e-6);
  move();
  method.after_step(100'000);
  EXPECT_LT(largest_difference(teacher, before + 0.5 + 0.01 * 1.5), 1e-6);
}

TEST(UaMt, OnlyTheStudentPredicts) {
  torch::manual_seed(6);
  UaMt method({}, tiny_setup(3));
  method.eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor x = torch::randn({1, 1, 8, 8, 8}), p = method.predict(x);
  EXPECT_TRUE(torch::equal(p, torch::softmax(network(method)->forward(x)[0], 1)));
  for (auto& parameter : network(method, "teacher")->parameters()) parameter.fill_(1);
  EXPECT_TRUE(torch::equal(method.predict(x), p));
  EXPECT_FALSE(method.class_texts().defined());
  method.set_class_texts(torch::ones({3, 16}));
  method.begin_prediction();
  EXPECT_TRUE(torch::equal(method.predict(x), p));
}

TEST(UaMt, SwitchesOfTheAlignmentAndTheBlock) {
  torch::manual_seed(8);
  UaMtOptions options = with_texts<UaMtOptions>("paper");
  options.csa.enabled = false;
  options.tmr.fusion = "none";
  UaMt method(options, tiny_setup(2));
  StepRecord record(0, 100);
  method.train_step(tiny_batch(1, 1, 2, {8, 8, 8}), record);
  EXPECT_EQ(record.logged.count("alignment"), 0u);
  EXPECT_EQ(parts_of(method).count("network.tmr") + parts_of(method).count("network.projection"), 0u);
}

TEST(UaMt, OptionsThatMeanNothingAreRefused) {
  const auto error = [](auto change) {
    UaMtOptions options;
    change(options);
    return input_error_of([&] { options.check(); });
  };
  EXPECT_EQ(error([](UaMtOptions&) {}), "no error");
  EXPECT_THAT(error([](UaMtOptions& o) { o.passes = 3; }), StartsWith("ua_mt.passes: found 3"));
  EXPECT_THAT(error([](UaMtOptions& o) { o.dice = "both"; }), StartsWith("ua_mt.dice: found 'both'"));
  EXPECT_THAT(error([](UaMtOptions& o) { o.ramp_epochs = -1; }), StartsWith("ua_mt.ramp_epochs: found -1"));
  EXPECT_THAT(error([](UaMtOptions& o) { o.tmr.fusion = "repeat"; }),
              StartsWith("ua_mt.tmr.fusion: found repeat with text = false; expected multiplanar"));
  EXPECT_THAT(error([](UaMtOptions& o) {
                o.text = true;
                o.tmr.fusion = "all";
              }),
              StartsWith("ua_mt.tmr.fusion: found 'all'"));
  EXPECT_THAT(error([](UaMtOptions& o) {
                o.text = true;
                o.variant = "reference";
                o.csa.pool = "masked";
              }),
              StartsWith("ua_mt.csa.pool: found masked with variant 'reference'; expected global"));
  EXPECT_THAT(input_error_of([] {
                MethodSetup setup = tiny_setup(2);
                setup.text = nullptr;
                UaMt(with_texts<UaMtOptions>("paper"), setup);
              }),
              StartsWith("text: no text source"));
}

TEST(UaMt, NumberOfParameters) {
  MethodSetup setup;
  std::map<std::string, int64_t> counts;
  const UaMt method({}, setup);
  for (const auto& child : method.named_children())
    for (const auto& parameter : child.value()->parameters()) counts[child.key()] += parameter.numel();
  EXPECT_EQ(counts["network"], 9'448'866);
  EXPECT_EQ(counts["teacher"], 9'448'866);
}

}  // namespace tss::ua_mt_test
