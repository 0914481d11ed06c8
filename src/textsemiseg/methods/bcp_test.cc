#include "textsemiseg/methods/bcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "support/numeric_gradient.h"
#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/pseudo_labels.h"

namespace tss::bcp_test {

using namespace testing;

// Sample i holds i in every voxel, image and label alike; unlabelled ones go on from 10.
Batch numbered(int64_t labelled, int64_t unlabelled) {
  Batch batch;
  batch.label = torch::arange(labelled).view({labelled, 1, 1, 1}).expand({labelled, 3, 3, 3}).contiguous();
  const torch::Tensor rest = torch::arange(10, 10 + unlabelled).view({unlabelled, 1, 1, 1}).expand({unlabelled, 3, 3, 3});
  batch.image = torch::cat({batch.label, rest}).unsqueeze(1).to(torch::kFloat64);
  return batch;
}

std::vector<double> numbers(const torch::Tensor& x) {
  std::vector<double> out;
  for (int64_t n = 0; n < x.size(0); ++n) out.push_back(x[n].flatten()[0].item<double>());
  return out;
}

TEST(CopyPasteHalves, AreHalvesOfBothStreamsWhichBeginAgainWhereTheyEnd) {
  using V = std::vector<double>;
  struct Case {
    int64_t labelled, unlabelled;
    V a, b, unlabelled_a, unlabelled_b;
  };
  for (const Case& c : std::vector<Case>{{4, 4, {0, 1}, {2, 3}, {10, 11}, {12, 13}},
                                         {2, 2, {0}, {1}, {10}, {11}},
                                         {1, 1, {0}, {0}, {10}, {10}},
                                         {3, 3, {0, 1}, {2, 0}, {10, 11}, {12, 10}},
                                         {1, 3, {0, 0}, {0, 0}, {10, 11}, {12, 10}},
                                         {4, 1, {0, 1}, {2, 3}, {10, 10}, {10, 10}}}) {
    SCOPED_TRACE(concat(c.labelled, " + ", c.unlabelled));
    const auto halves = copy_paste_halves(numbered(c.labelled, c.unlabelled));
    EXPECT_EQ(numbers(halves[0].labelled), c.a);
    EXPECT_EQ(numbers(halves[1].labelled), c.b);
    EXPECT_EQ(numbers(halves[0].label), c.a);
    EXPECT_EQ(numbers(halves[1].label), c.b);
    EXPECT_EQ(numbers(halves[0].unlabelled), c.unlabelled_a);
    EXPECT_EQ(numbers(halves[1].unlabelled), c.unlabelled_b);
  }
  EXPECT_FALSE(copy_paste_halves(numbered(3, 0))[0].unlabelled.defined());
}

TEST(BcpMixtures, EveryFlavourPastesInItsOrderAndTheTruthWeighsMore) {
  const torch::Tensor mask = outside_box({3, 3, 3}, {1, 1, 1}, {2, 2, 2}, torch::empty(0, torch::kFloat64));
  auto halves = copy_paste_halves(numbered(2, 2));
  for (auto& half : halves) half.pseudo = half.unlabelled.squeeze(1).to(torch::kInt64) + 10;
  struct Expected {
    double outside, inside;  // of the image
    double outer_label, inner_label, outer_weight, inner_weight;
  };
  BcpOptions options;
  options.pseudo_weight = 0.3;
  const auto check = [&](const std::array<Expected, 2>& expected) {
    const auto mixtures = bcp_mixtures(options, halves, mask);
    for (size_t i = 0; i < 2; ++i) {
      const MixedInput& one = mixtures[i];
      EXPECT_EQ(one.image[0][0][0][0][0].item<double>(), expected[i].outside);
      EXPECT_EQ(one.image[0][0][2][2][2].item<double>(), expected[i].inside);
      EXPECT_EQ(numbers(one.background.label)[0], expected[i].outer_label);
      EXPECT_EQ(numbers(one.patch.label)[0], expected[i].inner_label);
      EXPECT_EQ(one.background.weight, expected[i].outer_weight);
      EXPECT_EQ(one.patch.weight, expected[i].inner_weight);
    }
  };
  check({{{0, 10, 0, 20, 1, 0.3}, {11, 1, 21, 1, 0.3, 1}}});
  options.flavour = "pancreas";
  check({{{10, 1, 20, 1, 0.3, 1}, {0, 11, 0, 21, 1, 0.3}}});
}

TEST(BcpPseudoLabel, KeepsTheLargestComponentOfEveryClassWithTheFlavoursNeighbours) {
  torch::Tensor logits = torch::zeros({1, 3, 6, 6, 6});
  logits.select(1, 0).fill_(1);
  const auto put = [&](int64_t k, int64_t x, int64_t y, int64_t z) { logits[0][k][x][y][z] = 5; };
  put(1, 0, 0, 0), put(1, 0, 0, 1);  // two voxels of class 1 ...
  put(1, 1, 1, 2);                   // ... and one that touches them at a corner
  put(1, 5, 5, 5);                   // alone
  put(2, 3, 3, 3), put(2, 3, 3, 4), put(2, 5, 0, 0);
  BcpOptions options;
  const auto count = [&](int64_t k) { return (bcp_pseudo_label(options, logits) == k).sum().item<int64_t>(); };
  EXPECT_EQ(count(1), 3);
  EXPECT_EQ(count(2), 2);
  options.flavour = "pancreas";
  EXPECT_EQ(count(1), 2);
  EXPECT_EQ(count(2), 2);
}

TEST(Bcp, PhasesAreTheReleasedSharesOfTheRun) {
  BcpOptions options;
  const auto phases = [&] { return Bcp(options, tiny_setup(2)).phases(); };
  ASSERT_EQ(phases().size(), 2u);
  EXPECT_EQ(phases()[0].name, "pretrain");
  EXPECT_NEAR(phases()[0].share * 17'000, 2000, 1e-9);
  EXPECT_EQ(phases()[0].schedule, "constant");
  EXPECT_FALSE(phases()[0].uses_unlabelled);
  EXPECT_EQ(phases()[1].name, "self_train");
  EXPECT_NEAR(phases()[1].share * 17'000, 15'000, 1e-9);
  EXPECT_EQ(phases()[1].schedule, "");
  EXPECT_TRUE(phases()[1].starts_from_best);
  options.flavour = "pancreas";
  EXPECT_NEAR(phases()[0].share * 6800, 1800, 1e-9);
  options.pretrain_share = 0.5;
  EXPECT_EQ(phases()[0].share, 0.5);
}

// The box stays where it is put.
class FixedBox : public Bcp {
 public:
  using Bcp::Bcp;
  Sides3 box{};

 protected:
  Sides3 draw_corner(const Sides3&, const Sides3& sides) override {
    box = sides;
    return {1, 0, 2};
  }
};

torch::Tensor loss_of(Method& method, const Batch& batch, const std::string& phase) {
  StepRecord record(5, 100, phase);
  method.train_step(batch, record);
  return record.minimised[0];
}

TEST(Bcp, BoxIsTwoThirdsOfThePatchRoundedDown) {
  FixedBox method({}, tiny_setup(2));
  loss_of(method, tiny_batch(2, 0, 2, {8, 9, 6}), "pretrain");
  EXPECT_EQ(method.box, (Sides3{5, 6, 4}));
}

class BcpClasses : public ::testing::TestWithParam<int64_t> {};

TEST_P(BcpClasses, StepsAreTheLossesOfTheMixtures) {
  torch::manual_seed(1);
  const int64_t classes = GetParam();
  for (const char* flavour : {"left_atrium", "pancreas"}) {
    BcpOptions options;
    options.flavour = flavour;
    options.teacher_decay = 1;  // stays
    FixedBox method(options, tiny_setup(classes));
    method.to(torch::kFloat64);
    const Batch batch = to_double(tiny_batch(4, 4, classes, {8, 8, 8}));
    const auto student = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["network"]),
               teacher = std::dynamic_pointer_cast<VNetImpl>(method.named_children()["teacher"]);
    torch::NoGradGuard no_grad;
    for (auto& parameter : teacher->parameters()) parameter.add_(0.1 * torch::randn_like(parameter));
    const torch::Tensor mask = outside_box({8, 8, 8}, {1, 0, 2}, {5, 5, 5}, batch.image);

    auto halves = copy_paste_halves(batch);
    for (auto& half : halves) half.pseudo = bcp_pseudo_label(options, teacher->forward(half.unlabelled)[0]);
    torch::Tensor expected = torch::zeros({}, torch::kFloat64);
    for (const MixedInput& one : bcp_mixtures(options, halves, mask))
      expected = expected + copy_paste_loss(student->forward(one.image)[0], one.background, one.patch, mask);
    EXPECT_NEAR(loss_of(method, batch, "self_train").item<double>(), expected.item<double>(), 1e-12) << flavour;

    const torch::Tensor z = student->forward(batch.image.narrow(0, 0, 2) * mask + batch.image.narrow(0, 2, 2) * (1 - mask))[0];
    const torch::Tensor label = paste(batch.label.narrow(0, 0, 2), batch.label.narrow(0, 2, 2), mask);
    const torch::Tensor plain =
        0.5 * (torch::nn::functional::cross_entropy(z, label) + dice_loss_masked(torch::softmax(z, 1), label));
    EXPECT_NEAR(loss_of(method, batch, "pretrain").item<double>(), plain.item<double>(), 1e-12) << flavour;
  }
}

TEST_P(BcpClasses, GradientsOfATrainingStepEqualCentralDifferences) {
  torch::manual_seed(2);
  const int64_t classes = GetParam();
  BcpOptions options;
  options.teacher_decay = 1;
  FixedBox method(options, tiny_setup(classes));
  method.to(torch::kFloat64);
  const Batch batch = to_double(tiny_batch(1, 1, classes, {8, 4, 8}));
  for (const char* phase : {"pretrain", "self_train"}) {
    const auto check =
        check_gradients([&] { return loss_of(method, batch, phase); }, parameters_of(*method.named_children()["network"]));
    EXPECT_LT(check.error, 1e-5) << phase << ": " << check;
  }
}

INSTANTIATE_TEST_SUITE_P(K, BcpClasses, ::testing::Values(2, 3));

TEST(Bcp, WithoutUnlabelledSamplesSelfTrainingGoesOnAsPretraining) {
  torch::manual_seed(3);
  FixedBox method({}, tiny_setup(2));
  const Batch batch = tiny_batch(3, 0, 2, {8, 8, 8});
  const double before = loss_of(method, batch, "pretrain").item<double>();
  EXPECT_EQ(loss_of(method, batch, "self_train").item<double>(), before);
}

TEST(Bcp, TeacherStartsAsTheStudentAndFollowsItInSelfTrainingOnly) {
  torch::manual_seed(4);
  Bcp method({}, tiny_setup(2));
  auto student = method.named_children()["network"]->named_parameters(),
       teacher = method.named_children()["teacher"]->named_parameters();
  EXPECT_EQ(method.parameter_groups()[0].parameters.size(), student.size());
  {
    torch::NoGradGuard no_grad;
    for (auto& item : student) item.value().add_(1);
  }
  const Batch batch = tiny_batch(2, 2, 2, {8, 8, 8});
  const std::string name = "encoder.block_one.conv.0.weight";
  loss_of(method, {batch.labelled_image(), batch.label}, "pretrain");
  EXPECT_FALSE(torch::equal(teacher[name], student[name]));
  method.begin_phase("self_train");
  EXPECT_TRUE(torch::equal(teacher[name], student[name]));
  const torch::Tensor begun = teacher[name].clone();
  torch::optim::SGD sgd(method.parameter_groups()[0].parameters, 0.1);
  StepRecord record(0, 10, "self_train");
  record.optimiser = &sgd;
  method.train_step(batch, record);
  EXPECT_FALSE(torch::equal(student[name], begun));
  EXPECT_TRUE(torch::allclose(teacher[name], 0.99 * begun + 0.01 * student[name], 1e-6, 1e-7));
  EXPECT_FALSE(teacher[name].grad().defined());
}

TEST(BcpOptions, ChecksNameTheField) {
  BcpOptions options;
  options.flavour = "brain";
  EXPECT_THAT(input_error_of([&] { options.check(); }),
              ::testing::HasSubstr("bcp.flavour: found 'brain'; expected left_atrium or pancreas"));
  options = {};
  options.box_share = 1.5;
  EXPECT_THAT(input_error_of([&] { options.check(); }), ::testing::HasSubstr("bcp.box_share: found 1.5"));
}

}  // namespace tss::bcp_test
