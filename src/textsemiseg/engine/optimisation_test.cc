#include "textsemiseg/engine/optimisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/testing.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::optimisation_test {

// y = w x with dropout, so that the step's seed matters.
class Line : public Method {
 public:
  Line() {
    layer_ = register_module("layer", torch::nn::Linear(4, 1));
    dropout_ = register_module("dropout", torch::nn::Dropout(0.5));
  }
  void train_step(const Batch& batch, Context& context) override {
    const torch::Tensor loss = scale * (dropout_->forward(layer_->forward(batch.image)) - 1).square().mean();
    context.log("loss", loss);
    context.minimise("all", loss);
  }
  torch::Tensor predict(const torch::Tensor& x) override { return layer_->forward(x); }

  double scale = 1;

 private:
  torch::nn::Linear layer_{nullptr};
  torch::nn::Dropout dropout_{nullptr};
};

Batch batch_of(int64_t iteration) {
  torch::manual_seed(static_cast<uint64_t>(1000 + iteration));
  return {torch::randn({8, 4}), torch::zeros({8}, torch::kInt64)};
}

std::shared_ptr<Line> line() {
  torch::manual_seed(1);
  return std::make_shared<Line>();
}

TEST(LearningRate, FollowsTheSchedule) {
  OptimiserOptions options;
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 0, 100), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 25, 100), 0.0075);
  options.schedule = "poly";
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 50, 100), 0.01 * std::pow(0.5, 0.9));
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 120, 100), 0);
  options.schedule = "constant";
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 99, 100), 0.01);
}

TEST(LearningRate, DropsInSteps) {
  OptimiserOptions options;
  options.schedule = "step";
  options.step_share = 2500.0 / 6000;
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 2499, 6000), 0.01);
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 2500, 6000), 0.001);
  EXPECT_NEAR(learning_rate_at(options, 5000, 6000), 0.0001, 1e-15);
  options.released_offset = true;
  EXPECT_DOUBLE_EQ(learning_rate_at(options, 2500, 6000), 0.01);  // MCF: one step later, docs/methods.md#schedules
}

TEST(OptimiserOptions, NamesTheFieldThatIsWrong) {
  OptimiserOptions options;
  options.schedule = "cosine";
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), ::testing::HasSubstr("optimiser.schedule: found 'cosine'"));
  options = {};
  options.momentum = 1;
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), ::testing::HasSubstr("optimiser.momentum"));
}

class EveryOptimiser : public ::testing::TestWithParam<const char*> {
 protected:
  OptimiserOptions options_ = [] {
    OptimiserOptions options;
    options.kind = GetParam();
    return options;
  }();
};

TEST_P(EveryOptimiser, StopsAndGoesOnBitForBit) {
  auto whole = line();
  Optimisation uninterrupted(*whole, options_);
  for (int64_t t = 0; t < 6; ++t) uninterrupted.step(batch_of(t), 7, t, 6);

  auto first = line();
  Optimisation before(*first, options_);
  for (int64_t t = 0; t < 3; ++t) before.step(batch_of(t), 7, t, 6);
  auto second = line();
  load_into(*second, state_of(*first), "test");
  Optimisation after(*second, options_);
  after.load_state(before.state(), "test");
  for (int64_t t = 3; t < 6; ++t) after.step(batch_of(t), 7, t, 6);

  for (const auto& item : whole->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), second->named_parameters()[item.key()])) << item.key();
}

TEST_P(EveryOptimiser, StateMattersToTheResumedRun) {
  // Guards the test above: without the optimiser's state the runs must differ.
  auto whole = line(), part = line();
  Optimisation a(*whole, options_), b(*part, options_);
  for (int64_t t = 0; t < 2; ++t) a.step(batch_of(t), 7, t, 6);
  b.step(batch_of(0), 7, 0, 6);
  Optimisation c(*part, options_);
  c.step(batch_of(1), 7, 1, 6);
  EXPECT_FALSE(torch::equal(whole->parameters()[0], part->parameters()[0]));
}

INSTANTIATE_TEST_SUITE_P(Kinds, EveryOptimiser, ::testing::Values("sgd", "adam"));

TEST(Optimisation, AdamTakesTheFirstStepOfTheRate) {
  auto method = line();
  const torch::Tensor before = method->parameters()[0].detach().clone();
  OptimiserOptions options;
  options.kind = "adam";
  options.weight_decay = 0;
  options.schedule = "constant";
  Optimisation(*method, options).step(batch_of(0), 7, 0, 6);
  EXPECT_NEAR((method->parameters()[0] - before).abs().max().item<double>(), 0.01, 1e-6);
}

TEST(Optimisation, RefusesTheStateOfAnotherOptimiser) {
  auto method = line();
  Optimisation sgd(*method, {});
  sgd.step(batch_of(0), 7, 0, 6);
  OptimiserOptions options;
  options.kind = "adam";
  Optimisation adam(*method, options);
  EXPECT_THAT(testing::input_error_of([&] { adam.load_state(sgd.state(), "last"); }), ::testing::HasSubstr("second_moment"));
}

// Two phases, the second of two parameter groups with rates of their own.
class Staged : public Method {
 public:
  Staged() {
    a_ = register_parameter("a", torch::zeros(1));
    b_ = register_parameter("b", torch::zeros(1));
  }
  std::vector<Phase> phases() const override {
    Phase first, second;
    first.name = "first", first.share = 0.25, first.schedule = "constant";
    second.name = "second", second.share = 0.75;
    return {first, second};
  }
  std::vector<ParameterGroup> parameter_groups() override { return {{"a", {a_}}, {"b", {b_}, 0.1}}; }
  void train_step(const Batch&, Context& context) override {
    seen.push_back(context.phase() + " " + std::to_string(context.iteration()) + "/" + std::to_string(context.iterations()));
    context.minimise("a", a_.sum());
    if (context.phase() == "second") context.minimise("b", b_.sum());
  }
  torch::Tensor predict(const torch::Tensor& x) override { return x; }
  std::vector<std::string> seen;
  torch::Tensor a_, b_;
};

TEST(Optimisation, TellsTheMethodItsPlaceInThePhase) {
  Staged method;
  OptimiserOptions options;
  options.momentum = options.weight_decay = 0;
  Optimisation optimisation(method, options);
  std::vector<double> rates;
  for (int64_t t = 0; t < 8; ++t) {
    optimisation.step(batch_of(0), 7, t, 8);
    rates.push_back(optimisation.learning_rate());
  }
  EXPECT_THAT(method.seen, ::testing::ElementsAre("first 0/2", "first 1/2", "second 0/6", "second 1/6", "second 2/6",
                                                  "second 3/6", "second 4/6", "second 5/6"));
  EXPECT_DOUBLE_EQ(rates[1], 0.01);  // constant in the first phase
  EXPECT_DOUBLE_EQ(rates[2], 0.01);  // linear from the second's own start
  EXPECT_DOUBLE_EQ(rates[5], 0.005);
  EXPECT_NEAR(method.b_.item<double>(), 0.1 * (method.a_.item<double>() + 0.02), 1e-7);
}

TEST(Optimisation, DropoutDependsOnSeedAndIterationOnly) {
  auto a = line(), b = line(), c = line();
  Optimisation first(*a, {}), second(*b, {}), other(*c, {});
  const Batch batch = batch_of(0);
  first.step(batch, 7, 3, 6);
  torch::rand({100});
  second.step(batch, 7, 3, 6);
  other.step(batch, 8, 3, 6);
  EXPECT_TRUE(torch::equal(a->parameters()[0], b->parameters()[0]));
  EXPECT_FALSE(torch::equal(a->parameters()[0], c->parameters()[0]));
}

TEST(Optimisation, LeavesParametersAloneOnceTheLossIsNotFinite) {
  auto method = line();
  Optimisation optimisation(*method, {});
  optimisation.step(batch_of(0), 7, 0, 6);
  EXPECT_TRUE(optimisation.finite());
  const torch::Tensor before = method->parameters()[0].detach().clone();
  method->scale = std::nan("");
  optimisation.step(batch_of(1), 7, 1, 6);
  EXPECT_FALSE(optimisation.finite());
  EXPECT_TRUE(torch::equal(before, method->parameters()[0]));
}

TEST(Optimisation, ClipsTheGradient) {
  auto method = line();
  method->scale = 1e6;
  OptimiserOptions options;
  options.clip_norm = 0.5;
  Optimisation optimisation(*method, options);
  optimisation.step(batch_of(0), 7, 0, 6);
  double squared = 0;
  for (const auto& parameter : method->parameters()) squared += parameter.grad().square().sum().item<double>();
  EXPECT_NEAR(std::sqrt(squared), 0.5, 1e-4);
}

TEST(PrecisionScope, IsLeftBehind) {
  const torch::Tensor x = torch::randn({4, 4});
  {
    PrecisionScope scope(true, torch::kCPU);
    EXPECT_EQ(torch::matmul(x, x).scalar_type(), torch::kBFloat16);
  }
  EXPECT_EQ(torch::matmul(x, x).scalar_type(), torch::kFloat32);
}

}  // namespace tss::optimisation_test
