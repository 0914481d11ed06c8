#include "textsemiseg/networks/norm_relu.h"

#include <gtest/gtest.h>

#include "support/naive.h"
#include "support/networks.h"
#include "support/testing.h"

namespace tss::norm_relu_test {

namespace nn = torch::nn;
using testing::largest_difference;

constexpr auto kLast = torch::MemoryFormat::ChannelsLast3d;

struct Outcome {
  torch::Tensor y;
  std::vector<torch::Tensor> gradients;  // x, skip, and the parameters of the norm
};

template <class Norm, class Run>
Outcome outcome_of(Norm& norm, const torch::Tensor& x, const torch::Tensor& skip, const torch::Tensor& dy, const Run& run) {
  const torch::Tensor own = x.detach().clone().requires_grad_(true);
  const torch::Tensor added = skip.defined() ? skip.detach().clone().requires_grad_(true) : skip;
  std::vector<torch::Tensor> inputs = {own};
  if (added.defined()) inputs.push_back(added);
  for (const auto& parameter : norm->parameters()) inputs.push_back(parameter);
  const torch::Tensor y = run(norm, own, added);
  return {y, torch::autograd::grad({y}, inputs, {dy})};
}

template <class Norm>
torch::Tensor plain(Norm& norm, const torch::Tensor& x, const torch::Tensor& skip) {
  const torch::Tensor y = torch::relu(norm->forward(x));
  return skip.defined() ? y + skip : y;
}

// Both ways on one input and one copy each of the norm's state; the plain layers in float32 whatever type x has. tolerance: relative to the
// largest value where that is above 1.
template <class Norm>
void expect_the_plain_layers(Norm norm, const torch::Tensor& x, const torch::Tensor& skip, double tolerance) {
  for (auto& parameter : norm->parameters()) torch::nn::init::normal_(parameter, 0.5, 1);
  auto copy = std::dynamic_pointer_cast<typename Norm::ContainedType>(norm->clone());
  Norm other(copy);
  const torch::Tensor dy = torch::randn(x.sizes()).to(x.scalar_type());
  const Outcome got = outcome_of(norm, x, skip, dy, [](Norm& n, const auto& a, const auto& s) { return norm_relu(*n, a, s); });
  const auto single = [](const torch::Tensor& a) { return a.defined() ? a.to(torch::kFloat32) : a; };
  const Outcome expected = outcome_of(other, single(x), single(skip), single(dy),
                                      [](Norm& n, const auto& a, const auto& s) { return plain(n, a, s); });
  const auto expect_near = [&](const torch::Tensor& a, const torch::Tensor& b, const std::string& what) {
    EXPECT_LT(largest_difference(single(a), b), tolerance * std::max(1.0, b.abs().max().template item<double>())) << what;
  };
  EXPECT_EQ(got.y.scalar_type(), x.scalar_type());
  EXPECT_EQ(got.y.strides(), x.strides());
  expect_near(got.y, expected.y, "output");
  ASSERT_EQ(got.gradients.size(), expected.gradients.size());
  for (size_t i = 0; i < got.gradients.size(); ++i)
    expect_near(got.gradients[i], expected.gradients[i], "gradient " + std::to_string(i));
  for (const auto& buffer : norm->named_buffers())
    EXPECT_LT(largest_difference(buffer.value().to(torch::kFloat32), other->named_buffers()[buffer.key()].to(torch::kFloat32)),
              1e-5)
        << buffer.key();
}

struct Shape {
  std::vector<int64_t> sides;
  bool last;
  bool skip;
};

class NormRelu : public ::testing::TestWithParam<Shape> {
 protected:
  torch::Tensor feature() const {
    const torch::Tensor x = 3 * torch::randn(GetParam().sides) + 2;
    return GetParam().last ? x.contiguous(kLast) : x;
  }
  torch::Tensor skip() const { return GetParam().skip ? torch::randn(GetParam().sides) : torch::Tensor(); }
};

TEST_P(NormRelu, IsBatchNormInTraining) {
  torch::manual_seed(1);
  expect_the_plain_layers(nn::BatchNorm3d(GetParam().sides[1]), feature(), skip(), 2e-5);
}

TEST_P(NormRelu, IsBatchNormInEvaluation) {
  torch::manual_seed(2);
  nn::BatchNorm3d norm(GetParam().sides[1]);
  norm->running_mean.normal_();
  norm->running_var.uniform_(0.5, 2);
  norm->eval();
  expect_the_plain_layers(norm, feature(), skip(), 2e-5);
}

TEST_P(NormRelu, IsInstanceNorm) {
  torch::manual_seed(3);
  for (const bool affine : {false, true})
    expect_the_plain_layers(nn::InstanceNorm3d(nn::InstanceNorm3dOptions(GetParam().sides[1]).affine(affine)), feature(), skip(),
                            2e-5);
}

// Each result is rounded once: half a unit of eight bits.
TEST_P(NormRelu, Bfloat16IsTheRoundedSinglePrecision) {
  torch::manual_seed(4);
  const torch::Tensor x = feature().to(torch::kBFloat16), s = skip();
  expect_the_plain_layers(nn::BatchNorm3d(GetParam().sides[1]), x, s.defined() ? s.to(torch::kBFloat16) : s, 0x1.0p-8);
}

// Pieces of 4096 elements with a rest; lanes that fill 64, and that do not; a segment shorter than a lane.
INSTANTIATE_TEST_SUITE_P(Shapes, NormRelu,
                         ::testing::Values(Shape{{2, 16, 7, 9, 11}, false, false}, Shape{{2, 16, 7, 9, 11}, true, true},
                                           Shape{{3, 5, 17, 16, 19}, false, true}, Shape{{3, 5, 17, 16, 19}, true, false},
                                           Shape{{2, 64, 5, 4, 3}, true, true}, Shape{{2, 24, 3, 2, 3}, true, false},
                                           Shape{{2, 6, 1, 2, 3}, false, false}));

TEST(NormReluPlain, DoubleEqualsCentralDifferences) {
  torch::manual_seed(5);
  nn::BatchNorm3d norm(3);
  const auto check = testing::check_network_gradients(
      norm, [](nn::BatchNorm3d& n, const torch::Tensor& x) { return std::vector{norm_relu(*n, x)}; }, 3, {3, 4, 2});
  EXPECT_LT(check.error, 1e-5) << check;
}

// A channel without contrast is the shift exactly, whatever its value: no gradient where the shift is 0.
TEST(NormReluPlain, ConstantChannelsComeOutExact) {
  nn::BatchNorm3d norm(2);
  const torch::Tensor x = torch::full({2, 2, 9, 9, 9}, 1234.567f).requires_grad_(true);
  const torch::Tensor y = norm_relu(*norm, x);
  EXPECT_EQ(y.abs().max().item<double>(), 0);
  y.sum().backward();
  EXPECT_EQ(x.grad().abs().max().item<double>(), 0);
}

TEST(NormReluPlain, NotANumberStaysOne) {
  nn::InstanceNorm3d norm(1);
  torch::Tensor x = torch::randn({1, 1, 4, 4, 4});
  x[0][0][1][2][3] = std::nan("");
  EXPECT_TRUE(torch::isnan(norm_relu(*norm, x)).any().item<bool>());
}

TEST(NormReluPlain, DoesNotDependOnTheNumberOfThreads) {
  torch::manual_seed(6);
  const torch::Tensor x = torch::randn({2, 16, 24, 24, 24}).contiguous(kLast);
  const int before = torch::get_num_threads();
  std::vector<torch::Tensor> results;
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    results.push_back(norm_relu(*nn::BatchNorm3d(16), x));
  }
  torch::set_num_threads(before);
  EXPECT_TRUE(torch::equal(results[0], results[1]));
}

}  // namespace tss::norm_relu_test
