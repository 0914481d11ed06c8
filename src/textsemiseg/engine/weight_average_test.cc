#include "textsemiseg/engine/weight_average.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"
#include "support/tiny.h"
#include "textsemiseg/methods/supervised.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::weight_average_test {

void fill(Method& method, float value) {
  torch::NoGradGuard no_grad;
  for (auto& parameter : method.parameters()) parameter.fill_(value);
}

TEST(WeightAverage, FollowsTheWeightsWithItsDecay) {
  Supervised method({}, testing::tiny_setup(2));
  fill(method, 0);
  WeightAverage average(method, 0.9);
  fill(method, 1);
  average.update(method, 0);  // the first is a copy
  for (const auto& parameter : method.named_parameters())
    EXPECT_TRUE((average.state().at(parameter.key()) == 1).all().item<bool>()) << parameter.key();
  fill(method, 2);
  average.update(method, 1);
  EXPECT_NEAR(average.state().at("network.decoder1.out_conv.bias")[0].item<float>(), 1.5, 1e-6);
  average.update(method, 1000);
  EXPECT_NEAR(average.state().at("network.decoder1.out_conv.bias")[0].item<float>(), 0.9 * 1.5 + 0.1 * 2, 1e-6);
}

TEST(WeightAverage, IsInTheMethodOnlyWhileUsed) {
  Supervised method({}, testing::tiny_setup(2));
  fill(method, 1);
  WeightAverage average(method, 0.9);
  fill(method, 3);
  {
    const WeightAverage::Use use(average, method);
    EXPECT_EQ(method.parameters()[0].max().item<float>(), 1);
    EXPECT_TRUE(method.parameters()[0].requires_grad());
  }
  EXPECT_EQ(method.parameters()[0].min().item<float>(), 3);
  EXPECT_EQ(average.state().begin()->second.to(torch::kFloat32).max().item<float>(), 1);
}

TEST(WeightAverage, AStateWithoutATensorIsNamed) {
  Supervised method({}, testing::tiny_setup(2));
  WeightAverage average(method, 0.9);
  TensorMap state = average.state();
  state.erase("network.decoder1.out_conv.bias");
  EXPECT_THAT(testing::input_error_of([&] { average.load(state, "last.safetensors"); }),
              ::testing::HasSubstr("last.safetensors: has no average of 'network.decoder1.out_conv.bias'"));
}

}  // namespace tss::weight_average_test
