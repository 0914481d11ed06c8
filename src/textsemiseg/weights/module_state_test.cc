#include "textsemiseg/weights/module_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::module_state_test {
using ::testing::HasSubstr;

torch::nn::Sequential model(int64_t classes) {
  return torch::nn::Sequential(torch::nn::Conv3d(torch::nn::Conv3dOptions(1, 4, 1)), torch::nn::BatchNorm3d(4),
                               torch::nn::Conv3d(torch::nn::Conv3dOptions(4, classes, 1)));
}

std::string error(torch::nn::Module& module, const TensorMap& tensors) {
  return testing::input_error_of([&] { load_into(module, tensors, "last.safetensors"); });
}

TEST(ModuleState, RoundTripWithBuffersAndOtherFloatType) {
  auto from = model(2), to = model(2);
  from->forward(torch::randn({2, 1, 3, 3, 3}));  // moves the running statistics
  to->to(torch::kFloat64);
  load_into(*to, state_of(*from), "memory");
  const TensorMap a = state_of(*from), b = state_of(*to);
  ASSERT_EQ(a.size(), 9u);
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(b.at(name), tensor.to(b.at(name).scalar_type()))) << name;
  EXPECT_EQ(a.at("1.num_batches_tracked").item<int64_t>(), 1);
  EXPECT_TRUE(to->parameters()[0].requires_grad());
}

TEST(ModuleState, WrongNumberOfClassesIsNamedAndNothingIsLoaded) {
  auto three = model(3), two = model(2);
  const TensorMap before = state_of(*three);
  const std::string hash = hash_of(before);
  EXPECT_EQ(
      error(*three, state_of(*two)),
      "last.safetensors: tensor '2.bias' has shape [2]; expected [3] (same method, network options and number of classes?)");
  EXPECT_EQ(hash_of(state_of(*three)), hash);
}

TEST(ModuleState, MissingUnknownAndMistypedTensors) {
  auto module = model(2);
  TensorMap state = state_of(*model(2));
  state["9.weight"] = torch::ones({1});
  EXPECT_THAT(error(*module, state), HasSubstr("holds '9.weight'"));
  state.erase("0.bias");
  EXPECT_THAT(error(*module, state), HasSubstr("lacks '0.bias' and holds '9.weight' instead; expected the 9 tensors"));
  EXPECT_THAT(error(*module, {}), HasSubstr("lacks '0.bias', '0.weight', '1.bias' and 6 more"));
  state = state_of(*model(2));
  state["1.num_batches_tracked"] = torch::tensor(1.5);
  EXPECT_THAT(error(*module, state), HasSubstr("'1.num_batches_tracked' has type Float; expected Long"));
}

}  // namespace tss::module_state_test
