#include "textsemiseg/engine/optimisation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/base/testing.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace {

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

TEST(OptimiserOptions, NamesTheFieldThatIsWrong) {
  OptimiserOptions options;
  options.schedule = "cosine";
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), ::testing::HasSubstr("optimiser.schedule: found 'cosine'"));
  options = {};
  options.momentum = 1;
  EXPECT_THAT(testing::input_error_of([&] { options.check(); }), ::testing::HasSubstr("optimiser.momentum"));
}

TEST(Optimisation, StopsAndGoesOnBitForBit) {
  auto whole = line();
  Optimisation uninterrupted(*whole, {});
  for (int64_t t = 0; t < 6; ++t) uninterrupted.step(batch_of(t), 7, t, 6);

  auto first = line();
  Optimisation before(*first, {});
  for (int64_t t = 0; t < 3; ++t) before.step(batch_of(t), 7, t, 6);
  auto second = line();
  load_into(*second, state_of(*first), "test");
  Optimisation after(*second, {});
  after.load_state(before.state(), "test");
  for (int64_t t = 3; t < 6; ++t) after.step(batch_of(t), 7, t, 6);

  for (const auto& item : whole->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), second->named_parameters()[item.key()])) << item.key();
}

TEST(Optimisation, MomentumMattersToTheResumedRun) {
  // Guards the test above: without the optimiser's state the runs must differ.
  auto whole = line(), part = line();
  Optimisation a(*whole, {}), b(*part, {});
  for (int64_t t = 0; t < 2; ++t) a.step(batch_of(t), 7, t, 6);
  b.step(batch_of(0), 7, 0, 6);
  Optimisation c(*part, {});
  c.step(batch_of(1), 7, 1, 6);
  EXPECT_FALSE(torch::equal(whole->parameters()[0], part->parameters()[0]));
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

}  // namespace
}  // namespace tss
