#include "textsemiseg/methods/bs_net.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/numeric_gradient.h"
#include "support/tiny.h"
#include "textsemiseg/losses/dice.h"

namespace tss::bs_net_test {

using namespace testing;
namespace F = torch::nn::functional;

// Writes down the order in which a step asks its networks, and what it hands them.
struct Diary {
  std::vector<std::string> events;
  torch::Tensor weight_a = torch::randn({3, 1}, torch::kFloat64).requires_grad_(true),
                weight_b = torch::randn({3, 1}, torch::kFloat64).requires_grad_(true),
                weight_d = torch::randn({2, 2}, torch::kFloat64).requires_grad_(true);

  static torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& w) {
    return torch::conv3d(x, w.view({w.size(0), w.size(1), 1, 1, 1}));
  }
  BsNetNetworks networks() {
    BsNetNetworks out;
    out.student = [this](const torch::Tensor& x) {
      events.push_back(concat("student ", x.size(0), torch::GradMode::is_enabled() ? "" : " quiet"));
      return linear(x, weight_a);
    };
    out.teacher = [this](const torch::Tensor& x) {
      events.push_back(concat("teacher ", x.size(0), torch::GradMode::is_enabled() ? "" : " quiet"));
      return linear(x, weight_b);
    };
    out.critic = [this](const torch::Tensor& p, const torch::Tensor& x) {
      events.push_back(concat("critic ", x.size(0), " of ", p.size(1), " classes", p.requires_grad() ? "" : " quiet"));
      return linear(p, weight_d).flatten(2).mean(2) + x.mean();
    };
    out.teacher_follows = [this](double alpha) { events.push_back(concat("teacher follows ", alpha)); };
    out.student_follows = [this](double alpha) { events.push_back(concat("student follows ", alpha)); };
    return out;
  }
};

TEST(BsNetStep, TakesItsStagesInOrder) {
  torch::manual_seed(1);
  Diary diary;
  StepRecord record(4, 100);
  bs_net_step({}, 0.1, to_double(tiny_batch(1, 2, 3, {4, 4, 4})), diary.networks(), record);
  EXPECT_THAT(diary.events,
              ::testing::ElementsAre("student 3", "teacher 2", "critic 2 of 2 classes", "critic 2 of 2 classes",
                                     "teacher follows 0.8", "student 3 quiet", "teacher 3 quiet", "critic 3 of 2 classes quiet",
                                     "critic 3 of 2 classes quiet", "teacher 3", "student follows 0.8"));
  EXPECT_THAT(record.groups, ::testing::ElementsAre("student", "teacher", "critic", "teacher"));
}

TEST(BsNetStep, LossesAreTheirEquations) {
  torch::manual_seed(2);
  const Batch batch = to_double(tiny_batch(2, 3, 3, {4, 4, 4}));
  const torch::Tensor x_u = batch.unlabelled_image();
  for (const bool dice : {false, true})
    for (const bool learns : {false, true}) {
      SCOPED_TRACE(concat(dice ? "with" : "without", " Dice, ", learns ? "after" : "before", " the warm-up"));
      Diary diary;
      BsNetOptions options;
      options.dice = dice;
      options.warm_up = 0.5;
      options.critic_bound = dice ? 0 : 2;  // without, and with
      StepRecord record(learns ? 50 : 49, 100);
      bs_net_step(options, 0.3, batch, diary.networks(), record);
      const auto d = [&](const torch::Tensor& z, const torch::Tensor& x) {
        const torch::Tensor said = Diary::linear(torch::softmax(z, 1).slice(1, 1), diary.weight_d).flatten(2).mean(2) + x.mean();
        if (dice) return said;
        const torch::Tensor difference = 2 * torch::tanh((said.select(1, 1) - said.select(1, 0)) / 2);
        return torch::stack({torch::zeros_like(difference), difference}, 1);  // only the difference counts
      };
      const auto all_of = [](int64_t n, int64_t value) { return torch::full({n}, value, torch::kInt64); };
      const torch::Tensor z_a = Diary::linear(batch.image, diary.weight_a), z_b = Diary::linear(batch.image, diary.weight_b);
      const torch::Tensor a_u = z_a.slice(0, 2), b_u = z_b.slice(0, 2);
      const auto supervised = [&](const torch::Tensor& z) {
        const torch::Tensor one = z.slice(0, 0, 2), ce = F::cross_entropy(one, batch.label);
        return dice ? 0.5 * (ce + dice_loss_squared(torch::softmax(one, 1), batch.label, 0, 1e-5)) : ce;
      };
      torch::Tensor bracket = F::cross_entropy(d(a_u, x_u), all_of(3, 1)) + F::cross_entropy(d(b_u, x_u), all_of(3, 1));
      torch::Tensor teacher = supervised(z_b);
      if (learns) {
        bracket =
            bracket + (torch::softmax(a_u, 1) - torch::softmax(b_u, 1)).square().mean() + F::cross_entropy(a_u, b_u.argmax(1));
        teacher = teacher + F::cross_entropy(b_u, a_u.argmax(1));
      }
      const torch::Tensor origin = torch::cat({all_of(2, 1), all_of(3, 0)});
      const torch::Tensor critic = F::cross_entropy(d(z_a, batch.image), origin) + F::cross_entropy(d(z_b, batch.image), origin);
      ASSERT_EQ(record.minimised.size(), 3u);
      EXPECT_NEAR(record.minimised[0].item<double>(), (supervised(z_a) + 0.3 * bracket).item<double>(), 1e-12);
      EXPECT_NEAR(record.minimised[1].item<double>(), critic.item<double>(), 1e-12);
      EXPECT_NEAR(record.minimised[2].item<double>(), teacher.item<double>(), 1e-12);
      // The first loss reaches both networks, the critic's only the critic, the teacher's only the teacher.
      const auto reached = [&](const torch::Tensor& loss, const torch::Tensor& w) {
        return torch::autograd::grad({loss}, {w}, {}, true, false, true)[0].defined();
      };
      const std::vector<std::vector<bool>> expected = {{true, true, true}, {false, false, true}, {false, true, false}};
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(reached(record.minimised[i], diary.weight_a), expected[i][0]) << i;
        EXPECT_EQ(reached(record.minimised[i], diary.weight_b), expected[i][1]) << i;
        EXPECT_EQ(reached(record.minimised[i], diary.weight_d), expected[i][2]) << i;
      }
    }
}

// A critic that has learned to tell the two apart without a doubt: the adversarial term rose to 60 where nothing held it.
TEST(BsNetStep, ASureCriticHasABoundedSay) {
  torch::manual_seed(5);
  const Batch batch = to_double(tiny_batch(1, 2, 2, {4, 4, 4}));
  const auto step = [&](const std::string& variant, double bound) {
    Diary diary;
    BsNetNetworks networks = diary.networks();
    networks.critic = [&](const torch::Tensor& p, const torch::Tensor& x) {
      const torch::Tensor sure = 100 + p.flatten(1).mean(1);
      return torch::stack({sure, torch::zeros_like(sure) * x.sum()}, 1);  // class 0, unlabelled, whatever it sees
    };
    diary.weight_a = torch::randn({2, 1}, torch::kFloat64).requires_grad_(true);
    diary.weight_b = torch::randn({2, 1}, torch::kFloat64).requires_grad_(true);
    BsNetOptions options;
    options.variant = variant;
    options.critic_bound = bound;
    StepRecord record(500, 1000);
    bs_net_step(options, 0.1, batch, networks, record);
    return record;
  };
  for (const double bound : {1.0, 5.0}) {
    const StepRecord record = step("paper", bound);
    const double most = std::log1p(std::exp(bound));
    EXPECT_LE(record.logged.at("adversarial"), 2 * most + 1e-9);
    EXPECT_LE(record.logged.at("critic_loss"), 2 * most + 1e-9);
    EXPECT_GT(record.logged.at("adversarial"), 1.9 * most) << "it is heard";
  }
  EXPECT_GT(step("paper", 0).logged.at("adversarial"), 190) << "0: as released";
  EXPECT_GT(step("reference", 5).logged.at("adversarial"), 190);
  // Where nothing is sure, nothing changes.
  const torch::Tensor unsure = torch::tensor({{0.3, 0.2}, {-0.1, 0.1}}, torch::kFloat64), held = bounded_verdict(unsure, 5);
  EXPECT_LT(largest_difference(held.select(1, 1) - held.select(1, 0), unsure.select(1, 1) - unsure.select(1, 0)), 2e-4);
}

TEST(BsNet, WeightGrowsOverTheRunOrOverReleasedEpochs) {
  BsNetOptions options;
  EXPECT_NEAR(bs_net_weight(options, 0, 1'000'000), 0.1 * std::exp(-5), 1e-5);
  EXPECT_EQ(bs_net_weight(options, 999, 1000), 0.1);
  options.ramp = "released";
  EXPECT_NEAR(bs_net_weight(options, 999, 1000), 0.1 * std::exp(-5 * std::pow(1 - 6.0 / 200, 2)), 1e-15);
  options.ramp = "run";
  options.variant = "reference";
  EXPECT_NEAR(bs_net_weight(options, 149, 1000), 0.1 * std::exp(-5), 1e-15);
  EXPECT_NEAR(bs_net_weight(options, 15'000, 1000), 0.1 * std::exp(-5 * 0.25), 1e-15);
  EXPECT_EQ(bs_net_weight(options, 30'000, 1000), 0.1);
}

TEST(BsNetStep, GradientsEqualCentralDifferences) {
  torch::manual_seed(3);
  VNet student(tiny_network(3), std::vector{UpSampling::kTransposed}),
      teacher(tiny_network(3), std::vector{UpSampling::kTransposed});
  Critic critic(1, 2);
  const BsNetNetworks networks = {[&](const torch::Tensor& x) { return student->forward_one(x, 0); },
                                  [&](const torch::Tensor& x) { return teacher->forward_one(x, 0); },
                                  [&](const torch::Tensor& p, const torch::Tensor& x) { return critic->forward(p, x); },
                                  [](double) {}, [](double) {}};
  NamedTensors all;
  for (torch::nn::Module* module : std::initializer_list<torch::nn::Module*>{student.get(), teacher.get(), critic.get()}) {
    module->to(torch::kFloat64);
    for (const auto& item : parameters_of(*module)) all.push_back(item);
  }
  const Batch batch = to_double(tiny_batch(1, 1, 3, {8, 4, 8}));
  const auto check = check_gradients(
      [&] {
        StepRecord record(50, 100);
        bs_net_step({}, 0.3, batch, networks, record);
        return record.minimised[0];
      },
      all);
  EXPECT_LT(check.error, 1e-5) << check;
}

TEST(BsNet, NetworksMeetInTheFirstStepAndOnlyNearEachOtherLater) {
  torch::manual_seed(4);
  BsNet method({}, tiny_setup(2));
  const auto a = method.named_children()["network"], b = method.named_children()["teacher"];
  const auto distance = [&] {
    double sum = 0;
    const auto other = b->named_parameters();
    for (const auto& item : a->named_parameters()) sum += (item.value() - other[item.key()]).square().sum().item<double>();
    return std::sqrt(sum);
  };
  const Batch batch = tiny_batch(1, 1, 2, {8, 8, 8});
  EXPECT_GT(distance(), 1);
  StepRecord first(0, 1000);
  method.train_step(batch, first);
  EXPECT_EQ(distance(), 0);  // no optimiser stepped, alpha = 0
  {
    torch::NoGradGuard no_grad;
    for (auto& parameter : a->parameters()) parameter.add_(1);
  }
  const double before = distance();
  StepRecord later(500, 1000);
  method.train_step(batch, later);
  EXPECT_NEAR(distance(), before * 0.99 * 0.99, 1e-3 * before);  // each moves by 1 % towards the other
}

TEST(BsNet, GroupsHaveTheirOwnRates) {
  BsNetOptions options;
  auto groups = BsNet(options, tiny_setup(2)).parameter_groups();
  ASSERT_EQ(groups.size(), 3u);
  const double factors[] = {1, 0.1, 1};
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(groups[i].rate_factor, factors[i]);
    EXPECT_FALSE(groups[i].own_schedule);
  }
  options.variant = "reference";
  groups = BsNet(options, tiny_setup(2)).parameter_groups();
  EXPECT_EQ(groups[0].own_schedule(0, 2400), 1);
  EXPECT_NEAR(groups[0].own_schedule(1200, 2400), 0.1 * std::pow(0.5, 0.9), 1e-15);
  EXPECT_EQ(groups[1].own_schedule(2000, 2400), 0.1);
  EXPECT_EQ(groups[2].own_schedule(0, 2400), 1);
  EXPECT_NEAR(groups[2].own_schedule(100, 2400), 0.15, 0.005);   // rate 1.5e-4
  EXPECT_NEAR(groups[2].own_schedule(200, 2400), 4e-4, 0.5e-4);  // rate 4e-7
}

}  // namespace tss::bs_net_test
