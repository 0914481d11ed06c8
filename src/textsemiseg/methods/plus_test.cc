#include "textsemiseg/methods/plus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "support/step_gradient.h"
#include "support/testing.h"
#include "textsemiseg/losses/deep_supervision.h"
#include "textsemiseg/methods/method_entry.h"

namespace tss::plus_test {

using namespace testing;
using ::testing::HasSubstr;

MethodSetup deep_setup(int64_t classes) {
  MethodSetup setup = tiny_setup(classes);
  setup.network.widths = {4, 4, 8, 8};
  setup.network.depths = {1, 1, 1, 1};
  return setup;
}

TEST(Plus, LambdaIsZeroThenRampsThenStays) {
  PlusOptions options;
  options.weight = 2;
  EXPECT_EQ(plus_weight(options, 0, 1000), 0);
  EXPECT_EQ(plus_weight(options, 99, 1000), 0);
  EXPECT_NEAR(plus_weight(options, 100, 1000), 2 * std::exp(-5.0), 1e-12);
  EXPECT_NEAR(plus_weight(options, 250, 1000), 2 * std::exp(-5.0 * 0.25), 1e-9);
  EXPECT_EQ(plus_weight(options, 400, 1000), 2);
  EXPECT_EQ(plus_weight(options, 999, 1000), 2);
}

// Every voxel of a mixed sample is the sample's own or its partner's, image, label and mask from the same place; the box has its sides.
TEST(Plus, BoxesBringImageLabelAndCertaintyTogether) {
  torch::manual_seed(1);
  PlusOptions options;
  options.box_low = options.box_high = 0.5;
  const std::vector<int64_t> sides = {8, 6, 4};
  const auto coded = [&](int64_t samples, double from) {  // each sample has one value of its own
    return (torch::arange(samples).to(torch::kFloat32) + from).view({samples, 1, 1, 1, 1}).expand({samples, 1, 8, 6, 4}).clone();
  };
  const torch::Tensor image = coded(2, 10);
  const torch::Tensor label = torch::full({2, 8, 6, 4}, 2, torch::kInt64);
  PseudoLabels own{coded(3, 0), torch::ones({3, 8, 6, 4}, torch::kInt64), torch::zeros({3, 8, 6, 4})};
  int from_labelled = 0, from_unlabelled = 0;
  for (int draw = 0; draw < 40; ++draw) {
    const PseudoLabels mixed = mix_boxes(options, own, image, label);
    for (int64_t i = 0; i < 3; ++i) {
      const torch::Tensor foreign = mixed.image[i][0] != static_cast<float>(i);
      ASSERT_EQ(foreign.sum().item<int64_t>(), 4 * 3 * 2);
      const torch::Tensor values = mixed.image[i][0].masked_select(foreign);
      ASSERT_EQ(values.min().item<float>(), values.max().item<float>());
      const bool labelled = values[0].item<float>() >= 10;
      ++(labelled ? from_labelled : from_unlabelled);
      EXPECT_TRUE(torch::equal(mixed.label[i] == 2, labelled ? foreign : torch::zeros_like(foreign)));
      EXPECT_TRUE(torch::equal(mixed.certain[i] == 1, labelled ? foreign : torch::zeros_like(foreign)));
    }
  }
  EXPECT_GT(from_labelled, 30);
  EXPECT_GT(from_unlabelled, 30);
  EXPECT_EQ(own.image[1][0][0][0][0].item<float>(), 1);  // what was given stays
  options.mix_probability = 0;
  EXPECT_TRUE(torch::equal(mix_boxes(options, own, image, label).image, own.image));
}

// A box of a labelled patch is certain only where its label tells the class apart.
TEST(Plus, BoxesOfMergedLabelsAreUncertainWhereTheyMerge) {
  torch::manual_seed(4);
  PlusOptions options;
  options.box_low = options.box_high = 1;
  options.mix_labelled = 1;
  const torch::Tensor image = torch::ones({1, 1, 4, 4, 4});
  torch::Tensor label = torch::zeros({1, 4, 4, 4}, torch::kInt64);
  label.narrow(1, 0, 2).fill_(1);
  const PseudoLabels own{torch::zeros({1, 1, 4, 4, 4}), torch::zeros({1, 4, 4, 4}, torch::kInt64), torch::zeros({1, 4, 4, 4})};
  const auto certain = [&](const ClassGroups& groups) { return mix_boxes(options, own, image, label, {groups}).certain[0]; };
  EXPECT_TRUE(torch::equal(certain({}), torch::ones({4, 4, 4})));
  EXPECT_TRUE(torch::equal(certain({{0, 1, 0}}), (label[0] == 1).to(torch::kFloat32)));
  EXPECT_TRUE(torch::equal(certain({{0, 1, 1}}), (label[0] == 0).to(torch::kFloat32)));
}

TEST(Plus, MergedLabelsGetTheMarginalLoss) {
  torch::manual_seed(5);
  Plus method(PlusOptions{}, deep_setup(3));
  method.train();
  Batch batch = tiny_batch(2, 0, 3, {16, 8, 8});
  batch.groups = {ClassGroups{}, ClassGroups{{0, 1, 1}}};
  auto student = DeepVNet(std::dynamic_pointer_cast<DeepVNetImpl>(method.named_children()["network"]));
  torch::NoGradGuard no_grad;
  const double expected = deep_segmentation_loss(student->forward_levels(batch.image), batch.label, batch.groups).item<double>();
  const double plain = deep_segmentation_loss(student->forward_levels(batch.image), batch.label).item<double>();
  ASSERT_GT(std::abs(expected - plain), 1e-3);
  StepRecord record(50, 100);
  method.train_step(batch, record);
  EXPECT_NEAR(record.logged.at("supervised"), expected, 1e-5);
}

// Shares of classes are those of the labels that tell all classes apart.
TEST(Plus, MergedLabelsSayNothingToTheGate) {
  torch::manual_seed(6);
  const auto shares = [](const std::vector<ClassGroups>& groups) {
    Plus method(PlusOptions{}, deep_setup(3));
    method.train();
    Batch batch = tiny_batch(2, 2, 3, {16, 8, 8});
    batch.label[0].fill_(2);
    batch.label[1].fill_(1);
    batch.groups = groups;
    StepRecord record(90, 100);
    method.train_step(batch, record);
    return method.named_buffers()["label_shares"];
  };
  EXPECT_TRUE(torch::equal(shares({}), torch::tensor({0.0f, 0.5f, 0.5f})));
  EXPECT_TRUE(torch::equal(shares({{}, {{0, 1, 1}}}), torch::tensor({0.0f, 0.0f, 1.0f})));
  EXPECT_TRUE(torch::equal(shares({{{0, 1, 0}}, {{0, 1, 1}}}), torch::zeros({3})));
}

// Where a label leaves classes open, the likeliest of those it allows; nowhere else.
TEST(Plus, TheTeacherFillsWhatLabelsMerge) {
  torch::manual_seed(7);
  PlusOptions options;
  options.fill = true;
  options.gate = 0;
  options.confidence = 0.1;
  options.mix_probability = 0;
  Plus method(options, deep_setup(3));
  method.train();
  Batch batch = tiny_batch(3, 1, 3, {16, 8, 8});
  batch.groups = {ClassGroups{}, ClassGroups{{0, 1, 1}}, ClassGroups{{0, 1, 0}}};
  batch.label[1].clamp_max_(1);
  batch.label[2].masked_fill_(batch.label[2] == 2, 0);
  auto student = DeepVNet(std::dynamic_pointer_cast<DeepVNetImpl>(method.named_children()["network"]));
  auto teacher = DeepVNet(std::dynamic_pointer_cast<DeepVNetImpl>(method.named_children()["teacher"]));
  torch::NoGradGuard no_grad;
  teacher->eval();
  const torch::Tensor q = torch::softmax(teacher->forward_one(batch.labelled_image(), 0), 1);
  torch::Tensor label = batch.label.clone(), certain = torch::zeros({3, 16, 8, 8});
  const std::vector<std::array<int64_t, 2>> open = {{-1, -1}, {1, 2}, {0, 2}};
  for (int64_t i = 1; i < 3; ++i) {
    const auto [low, high] = open[static_cast<size_t>(i)];
    const torch::Tensor here = batch.label[i] == low, larger = q[i][high] > q[i][low];
    label[i] = torch::where(here.logical_and(larger), torch::full_like(label[i], high), label[i]);
    certain[i] = here.logical_and(torch::maximum(q[i][low], q[i][high]) >= 0.1).to(torch::kFloat32);
  }
  ASSERT_GT(certain[1].sum().item<float>(), 0);
  ASSERT_GT(certain[2].sum().item<float>(), 0);
  std::vector<torch::Tensor> levels;
  for (const auto& logits : student->forward_levels(batch.image)) levels.push_back(logits.narrow(0, 0, 3));
  StepRecord record(90, 100);
  method.train_step(batch, record);
  EXPECT_NEAR(record.logged.at("fill"), deep_segmentation_loss(levels, label, certain).item<double>(), 1e-5);
  EXPECT_NEAR(record.logged.at("filled_share"), certain.mean().item<double>(), 1e-6);
  EXPECT_NEAR(record.logged.at("loss"),
              record.logged.at("supervised") + record.logged.at("consistency") + record.logged.at("fill"), 1e-5);
  batch.groups.clear();
  StepRecord full(90, 100);
  method.train_step(batch, full);
  EXPECT_FALSE(full.logged.contains("fill"));
}

class PlusClasses : public ::testing::TestWithParam<int64_t> {};

// L = L_labelled + lambda L_mixed, from the networks by hand, without mixing and gate.
TEST_P(PlusClasses, LossIsTheSumOfItsTerms) {
  torch::manual_seed(2);
  PlusOptions options;
  options.mix_probability = 0;
  options.gate = 0;
  options.confidence = 0.4;
  Plus method(options, deep_setup(GetParam()));
  method.train();
  Batch batch = tiny_batch(2, 2, GetParam(), {16, 8, 8});
  batch.weak = batch.unlabelled_image() + 0.1;
  auto student = DeepVNet(std::dynamic_pointer_cast<DeepVNetImpl>(method.named_children()["network"]));
  auto teacher = DeepVNet(std::dynamic_pointer_cast<DeepVNetImpl>(method.named_children()["teacher"]));
  torch::NoGradGuard no_grad;
  teacher->eval();
  const torch::Tensor q = torch::softmax(teacher->forward_one(batch.weak, 0), 1);
  const torch::Tensor pseudo = q.argmax(1), certain = (std::get<0>(q.max(1)) >= 0.4).to(torch::kFloat32);
  const auto levels = student->forward_levels(batch.image);
  ASSERT_EQ(levels.size(), 2u);
  const auto part = [&](int64_t from) {
    std::vector<torch::Tensor> out;
    for (const auto& logits : levels) out.push_back(logits.narrow(0, from, 2));
    return out;
  };
  const double supervised = deep_segmentation_loss(part(0), batch.label).item<double>();
  const double consistency = deep_segmentation_loss(part(2), pseudo, certain).item<double>();
  StepRecord record(50, 100);
  method.train_step(batch, record);
  EXPECT_NEAR(record.logged.at("supervised"), supervised, 1e-5);
  EXPECT_NEAR(record.logged.at("consistency"), consistency, 1e-5);
  EXPECT_NEAR(record.logged.at("loss"), supervised + consistency, 1e-5);
  EXPECT_NEAR(record.logged.at("certain_share"), certain.mean().item<double>(), 1e-6);
  StepRecord early(5, 100);
  method.train_step(batch, early);
  EXPECT_EQ(early.logged.at("consistency_weight"), 0);
  EXPECT_FALSE(early.logged.contains("consistency"));
}

TEST_P(PlusClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  torch::manual_seed(3);
  PlusOptions options;
  options.confidence = 0.35;
  options.gate = 0;
  Plus method(options, tiny_setup(GetParam()));
  method.to(torch::kFloat64);
  const auto check = check_step_gradients(method, to_double(tiny_batch(1, 2, GetParam(), {8, 4, 8})), 90, 100);
  EXPECT_LT(check.error, 1e-5) << check;
  for (const auto& parameter : method.named_children()["teacher"]->parameters()) EXPECT_FALSE(parameter.grad().defined());
}
INSTANTIATE_TEST_SUITE_P(K, PlusClasses, ::testing::Values(2, 3));

TEST(Plus, TeacherAveragesWeightsAndStatisticsAndPredicts) {
  torch::manual_seed(4);
  Plus method({}, tiny_setup(2));
  const Batch batch = tiny_batch(2, 2, 2, {8, 8, 8});
  torch::optim::SGD optimiser(method.parameter_groups()[0].parameters, torch::optim::SGDOptions(0.1));
  method.train();
  StepRecord record(50, 100);
  record.optimiser = &optimiser;
  method.train_step(batch, record);
  auto student = method.named_children()["network"], teacher = method.named_children()["teacher"];
  const torch::Tensor mean = student->named_buffers()["encoder.block_one.conv.1.running_mean"];
  const torch::Tensor own = teacher->named_buffers()["encoder.block_one.conv.1.running_mean"];
  const torch::Tensor before = own.clone();
  EXPECT_FALSE(torch::equal(mean, before));
  method.after_step(999);
  EXPECT_TRUE(torch::allclose(own, 0.99 * before + 0.01 * mean));
  method.eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor expected = torch::softmax(std::dynamic_pointer_cast<DeepVNetImpl>(teacher)->forward_one(batch.image, 0), 1);
  EXPECT_TRUE(torch::equal(method.predict(batch.image), expected));
}

// A teacher that sees nothing but background, or foreground everywhere, must not teach.
TEST(Plus, GateClosesWhilePseudoLabelsRunAway) {
  torch::manual_seed(5);
  const auto gate_with = [](double bias) {
    PlusOptions options;
    Plus method(options, tiny_setup(2));
    torch::NoGradGuard no_grad;
    auto parameters = method.named_parameters();
    parameters["teacher.decoder1.out_conv.weight"].zero_();
    parameters["teacher.decoder1.out_conv.bias"].zero_();
    parameters["teacher.decoder1.out_conv.bias"][1] = bias;
    StepRecord record(50, 100);
    Batch batch = tiny_batch(1, 1, 2, {8, 8, 8});
    batch.label.zero_();
    batch.label.narrow(1, 0, 1).fill_(1);  // an eighth of the patch
    method.train_step(batch, record);
    EXPECT_NEAR(record.logged.at("loss"),
                record.logged.at("supervised") + record.logged.at("gate") * record.logged.at("consistency"), 1e-6);
    return record.logged.at("gate");
  };
  EXPECT_EQ(gate_with(-5), 0);
  EXPECT_EQ(gate_with(5), 0);
}

TEST(Plus, UnlabelledTermCanBeTakenEveryNthStep) {
  PlusOptions options;
  options.every = 2;
  Plus method(options, tiny_setup(2));
  for (const int64_t iteration : {50, 51}) {
    StepRecord record(iteration, 100);
    method.train_step(tiny_batch(1, 1, 2, {8, 8, 8}), record);
    EXPECT_EQ(record.logged.contains("consistency"), iteration == 50);
  }
}

TEST(Plus, OptionsOutOfRangeNameTheField) {
  const auto error = [](const std::string& options) {
    return input_error_of([&] { method_options<PlusOptions>("plus", Json::parse(options), "run.toml"); });
  };
  EXPECT_THAT(error(R"({"gate": 0.5})"), HasSubstr("plus.gate: found 0.5; expected a factor above 1, or 0 for none"));
  EXPECT_THAT(error(R"({"ramp_end": 0.05})"), HasSubstr("plus.ramp_end"));
  EXPECT_THAT(error(R"({"box_high": 0.2})"), HasSubstr("plus.box_high"));
  EXPECT_THAT(error(R"({"every": 0})"), HasSubstr("plus.every"));
}

}  // namespace tss::plus_test
