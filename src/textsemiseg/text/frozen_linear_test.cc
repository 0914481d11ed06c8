#include "textsemiseg/text/frozen_linear.h"

#include <gtest/gtest.h>

#include <tuple>

#include "textsemiseg/text/thin_product.h"

namespace tss::frozen_linear_test {

double largest(const torch::Tensor& a) { return a.abs().max().item<double>(); }

struct Maps {
  torch::Tensor x, weight, bias, gradient;
};

Maps drawn(int64_t rows, int64_t in, int64_t out) {
  torch::manual_seed(rows + in + out);
  return {torch::randn({rows, in}), torch::randn({out, in}) / std::sqrt(static_cast<double>(in)), torch::randn({out}),
          torch::randn({rows, out})};
}

// Value and gradient to x, in float32, against float64.
void expect_equal(const Maps& maps, const torch::Tensor& stored) {
  const torch::Tensor weight = stored.to(torch::kFloat64);
  torch::Tensor x = maps.x.clone().requires_grad_(true);
  const torch::Tensor y = frozen_linear(x, stored, maps.bias);
  y.backward(maps.gradient);
  ASSERT_EQ(y.scalar_type(), torch::kFloat32);
  ASSERT_EQ(x.grad().scalar_type(), torch::kFloat32);
  const torch::Tensor expected = torch::linear(maps.x.to(torch::kFloat64), weight, maps.bias.to(torch::kFloat64));
  EXPECT_LT(largest(y - expected), 8e-6);
  EXPECT_LT(largest(x.grad() - maps.gradient.to(torch::kFloat64).matmul(weight)),
            1e-5 * std::sqrt(double(stored.size(0)) / stored.size(1)));
  const torch::Tensor gradient = x.grad().clone();
  x.mutable_grad() = torch::Tensor();
  frozen_linear(x, stored).backward(maps.gradient);
  EXPECT_TRUE(torch::equal(x.grad(), gradient));
  const torch::NoGradGuard no_grad;
  EXPECT_TRUE(torch::equal(frozen_linear(maps.x, stored, maps.bias), y));
  EXPECT_LT(largest(frozen_linear(maps.x, stored) + maps.bias - y), 1e-6);
}

TEST(FrozenLinear, EqualsItsDefinitionForAnyNumberOfRowsAndShape) {
  const std::vector<std::tuple<int64_t, int64_t, int64_t>> shapes = {
      {1, 16, 16},   {2, 512, 1536}, {15, 512, 512}, {16, 2048, 512}, {17, 48, 80}, {33, 528, 64},
      {64, 512, 48}, {65, 512, 512}, {18, 512, 30},  {3, 24, 16},     {1, 1040, 32}};
  for (const auto& [rows, in, out] : shapes) {
    SCOPED_TRACE(::testing::Message() << rows << " rows, " << in << " to " << out);
    const Maps maps = drawn(rows, in, out);
    expect_equal(maps, maps.weight);
    expect_equal(maps, maps.weight.to(torch::kBFloat16));
  }
}

TEST(FrozenLinear, BothWaysOfMultiplyingAgree) {
  const Maps maps = drawn(18, 512, 1536);
  const torch::Tensor own = frozen_linear(maps.x, maps.weight, maps.bias);
  set_thin_rows(0);
  const torch::Tensor general = frozen_linear(maps.x, maps.weight, maps.bias);
  set_thin_rows(64);
  EXPECT_LT(largest(own - general), 1e-5);
}

TEST(FrozenLinear, TheNumberOfThreadsChangesNoBit) {
  const Maps maps = drawn(18, 512, 1536);
  const auto run = [&](int threads) {
    at::set_num_threads(threads);
    torch::Tensor x = maps.x.clone().requires_grad_(true);
    const torch::Tensor y = frozen_linear(x, maps.weight, maps.bias);
    y.backward(maps.gradient);
    return torch::cat({y.detach().flatten(), x.grad().flatten()});
  };
  const int before = at::get_num_threads();
  const torch::Tensor one = run(1);
  for (const int threads : {2, 3, 5}) EXPECT_TRUE(torch::equal(run(threads), one)) << threads;
  at::set_num_threads(before);
}

TEST(FrozenLinear, DoubleStaysDouble) {
  const Maps maps = drawn(4, 32, 48);
  const torch::Tensor y =
      frozen_linear(maps.x.to(torch::kFloat64), maps.weight.to(torch::kFloat64), maps.bias.to(torch::kFloat64));
  EXPECT_EQ(y.scalar_type(), torch::kFloat64);
  EXPECT_LT(largest(y - torch::linear(maps.x, maps.weight, maps.bias)), 1e-5);
}

TEST(FrozenLinear, AnotherWidthIsRefused) { EXPECT_THROW(frozen_linear(torch::ones({2, 8}), torch::ones({4, 9})), c10::Error); }

// Both instruction sets, where this processor has them.
TEST(ThinProduct, EveryInstructionSet) {
  if (thin_product() == nullptr) GTEST_SKIP() << "skipped: a processor without AVX2";
  std::vector<const ThinProduct*> sets = {&kThinProductAvx2};
  if (thin_product() == &kThinProductAvx512) sets.push_back(&kThinProductAvx512);
  torch::manual_seed(5);
  const int64_t rows = 80, columns = 1072, groups = 2;
  const torch::Tensor w = torch::randn({rows, columns}), half = w.to(torch::kBFloat16);
  const torch::Tensor x = torch::randn({groups, columns, kLanes}), z = torch::randn({groups, rows, kLanes});
  for (const torch::Tensor& stored : {w, half}) {
    const FrozenMatrix matrix{stored.const_data_ptr(), rows, columns, stored.scalar_type() == torch::kBFloat16};
    const torch::Tensor exact = stored.to(torch::kFloat64);
    for (const ThinProduct* set : sets) {
      torch::Tensor y = torch::full({groups, rows, kLanes}, 7.0f), back = torch::full({groups, columns, kLanes}, 7.0f);
      set->rows(matrix, x.const_data_ptr<float>(), groups, y.data_ptr<float>(), 16, rows);
      set->columns(matrix, z.const_data_ptr<float>(), groups, back.data_ptr<float>(), 0, columns - 16);
      EXPECT_LT(largest(y.slice(1, 16) - exact.slice(0, 16).matmul(x.to(torch::kFloat64))), 2e-4);
      EXPECT_EQ(largest(y.slice(1, 0, 16) - 7), 0);  // not asked for
      const torch::Tensor expected = exact.t().matmul(z.to(torch::kFloat64));
      EXPECT_LT(largest(back.slice(1, 0, columns - 16) - expected.slice(1, 0, columns - 16)), 1e-4);
      EXPECT_EQ(largest(back.slice(1, columns - 16) - 7), 0);
    }
  }
}

}  // namespace tss::frozen_linear_test
