#include "textsemiseg/modules/voxel_prompt.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/numeric_gradient.h"

namespace tss::voxel_prompt_test {

namespace F = torch::nn::functional;

torch::Tensor draw(std::vector<int64_t> sizes) { return torch::randn(sizes, torch::kFloat64); }

VoxelPrompt block(int64_t classes) {
  VoxelPrompt out(6, classes, 7);
  out->to(torch::kFloat64);
  return out;
}

class VoxelPromptClasses : public ::testing::TestWithParam<int64_t> {};

// Every voxel by itself: an MLP weighs the classes, the weighted text joins the voxel's channels.
TEST_P(VoxelPromptClasses, EqualsItsDefinitionVoxelByVoxel) {
  torch::manual_seed(1);
  using namespace testing;
  const int64_t classes = GetParam();
  auto net = block(classes);
  net->eval();
  torch::NoGradGuard no_grad;
  const torch::Tensor feature = draw({2, 6, 2, 3, 2}), text = draw({classes, 7});
  auto p = net->named_parameters();
  const auto convolve = [&](const torch::Tensor& x, const std::string& name) {  // eval: batch norm divides by sqrt(1 + eps)
    const torch::Tensor y = F::conv3d(x, p[name + ".0.weight"], F::Conv3dFuncOptions().bias(p[name + ".0.bias"]).padding(1));
    return torch::leaky_relu(y / std::sqrt(1 + 1e-5), 0.01);
  };
  const torch::Tensor reduced = convolve(feature, "reduce");
  const Rows prompts = linear(rows_of(text), rows_of(p["text.weight"]), row_of(p["text.bias"]));
  torch::Tensor joined = torch::cat({feature, torch::zeros_like(feature)}, 1);
  for_voxels(feature, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
    const Row voxel = row_of(reduced[n].select(1, i).select(1, j).select(1, k));
    Rows hidden = linear({voxel}, rows_of(p["weigh.0.weight"]), row_of(p["weigh.0.bias"]));
    for (double& v : hidden[0]) v = gelu(v);
    const Row weights = softmax(linear(hidden, rows_of(p["weigh.2.weight"]), row_of(p["weigh.2.bias"]))[0]);
    for (size_t c = 0; c < weights.size(); ++c)
      for (int64_t channel = 0; channel < 6; ++channel)
        joined[n][6 + channel][i][j][k] += weights[c] * prompts[c][static_cast<size_t>(channel)];
  });
  EXPECT_LT(largest_difference(net->forward(feature, text), convolve(joined, "merge")), 1e-6);
}

TEST_P(VoxelPromptClasses, GradientsEqualCentralDifferences) {
  torch::manual_seed(2);
  const int64_t classes = GetParam();
  auto net = block(classes);
  const torch::Tensor feature = draw({2, 6, 2, 3, 2}).requires_grad_(true), text = draw({classes, 7}).requires_grad_(true);
  const torch::Tensor weights = draw({2, 6, 2, 3, 2});
  auto tensors = testing::parameters_of(*net);
  tensors.emplace_back("feature", feature);
  tensors.emplace_back("text", text);
  const auto check = testing::check_gradients([&] { return (weights * net->forward(feature, text)).sum(); }, tensors);
  EXPECT_LT(check.error, 1e-5) << check;
  EXPECT_GT(text.grad().abs().max().item<double>(), 0);
}

INSTANTIATE_TEST_SUITE_P(K, VoxelPromptClasses, ::testing::Values(2, 3));

// Unlike the attention blocks this one knows which class a text belongs to.
TEST(VoxelPrompt, OrderOfTheTextsMatters) {
  torch::manual_seed(3);
  auto net = block(2);
  net->eval();
  const torch::Tensor feature = draw({1, 6, 2, 2, 2}), text = draw({2, 7});
  EXPECT_GT(testing::largest_difference(net->forward(feature, text), net->forward(feature, text.flip({0}))), 1e-6);
}

}  // namespace tss::voxel_prompt_test
