#include "textsemiseg/inference/sliding_window.h"

#include <gtest/gtest.h>

#include "textsemiseg/base/error.h"

namespace tss::sliding_window_test {

WindowOptions window(std::vector<int64_t> patch, std::vector<int64_t> stride, const std::string& weights, int64_t batch = 4) {
  WindowOptions options;
  options.patch = std::move(patch);
  options.stride = std::move(stride);
  options.weights = weights;
  options.batch = batch;
  return options;
}

// A "network" that knows where in the window a voxel is, so that wrong placement shows.
torch::Tensor position_dependent(const torch::Tensor& w) {
  const torch::Tensor ramp = torch::arange(w.size(4), w.options()) * 0.01 +
                             torch::arange(w.size(3), w.options()).unsqueeze(1) * 0.02 +
                             torch::arange(w.size(2), w.options()).reshape({-1, 1, 1}) * 0.03;
  const torch::Tensor foreground = torch::sigmoid(w + ramp);
  return torch::cat({1 - foreground, foreground}, 1);
}

// The definition: sums over the whole padded volume.
torch::Tensor naive(const torch::Tensor& image, const WindowOptions& options) {
  std::array<AxisPadding, 3> pad;
  std::array<std::vector<int64_t>, 3> starts;
  for (size_t a = 0; a < 3; ++a) {
    const int64_t size = image.size(static_cast<int64_t>(a) + 1);
    pad[a] = window_padding(size, options.patch[a]);
    starts[a] = window_starts(size + pad[a].low + pad[a].high, options.patch[a], options.resolved_stride()[a]);
  }
  const torch::Tensor padded =
      torch::constant_pad_nd(image, {pad[2].low, pad[2].high, pad[1].low, pad[1].high, pad[0].low, pad[0].high});
  torch::Tensor sums = torch::zeros({2, padded.size(1), padded.size(2), padded.size(3)}, image.options());
  torch::Tensor norm = torch::zeros_like(sums[0]);
  const torch::Tensor weights = window_weights(options, image.scalar_type());
  for (const int64_t x : starts[0])
    for (const int64_t y : starts[1])
      for (const int64_t z : starts[2]) {
        const auto cut = [&](const torch::Tensor& t) {
          const int64_t first = t.dim() - 3;
          return t.narrow(first, x, options.patch[0])
              .narrow(first + 1, y, options.patch[1])
              .narrow(first + 2, z, options.patch[2]);
        };
        cut(sums).add_(position_dependent(cut(padded).unsqueeze(0))[0] * weights);
        cut(norm).add_(weights);
      }
  return (sums / norm)
      .narrow(1, pad[0].low, image.size(1))
      .narrow(2, pad[1].low, image.size(2))
      .narrow(3, pad[2].low, image.size(3));
}

class Volumes : public ::testing::TestWithParam<std::tuple<std::vector<int64_t>, std::string, int64_t>> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Volumes,
                         testing::Combine(::testing::Values(std::vector<int64_t>{40, 21, 17}, std::vector<int64_t>{12, 10, 8},
                                                            std::vector<int64_t>{5, 30, 3}, std::vector<int64_t>{33, 4, 9}),
                                          ::testing::Values("gaussian", "constant"), ::testing::Values(1, 3, 100)));

TEST_P(Volumes, EqualsTheDefinitionForEveryBatchOfWindows) {
  const auto& [size, weights, batch] = GetParam();
  torch::manual_seed(3);
  const torch::Tensor image = torch::randn({1, size[0], size[1], size[2]}, torch::kFloat64);
  const WindowOptions options = window({12, 10, 8}, {5, 7, 3}, weights, batch);
  const torch::Tensor got = sliding_window(image, options, position_dependent);
  const torch::Tensor expected = naive(image, options);
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LT((got - expected).abs().max().item<double>(), 1e-14);
  EXPECT_TRUE(torch::equal(got, sliding_window(image, window({12, 10, 8}, {5, 7, 3}, weights, 2), position_dependent)));
}

TEST(SlidingWindow, SlabsComeInOrderAndOnlyOnce) {
  const torch::Tensor image = torch::zeros({2, 50, 9, 9});
  int64_t next = 0, largest = 0;
  const int64_t windows = sliding_window_slabs(
      image, window({16, 8, 8}, {8, 8, 8}, "gaussian", 3), [](const torch::Tensor& w) { return torch::softmax(w, 1); },
      torch::kCPU,
      [&](int64_t x, const torch::Tensor& p) {
        EXPECT_EQ(x, next);
        next += p.size(1);
        largest = std::max(largest, p.size(1));
        EXPECT_LT((p.sum(0) - 1).abs().max().item<double>(), 1e-6);
      });
  EXPECT_EQ(next, 50);
  EXPECT_LE(largest, 24);
  EXPECT_EQ(windows, 6 * 2 * 2);
}

TEST(SlidingWindow, NothingRecordsGradients) {
  const torch::Tensor weight = torch::ones({1}, torch::requires_grad());
  const torch::Tensor out = sliding_window(torch::zeros({1, 8, 8, 8}), window({8, 8, 8}, {}, "constant"),
                                           [&](const torch::Tensor& w) { return w * weight; });
  EXPECT_FALSE(out.requires_grad());
}

TEST(SlidingWindow, StartsCoverTheAxis) {
  EXPECT_EQ(window_starts(52, 32, 12), (std::vector<int64_t>{0, 12, 20}));
  EXPECT_EQ(window_starts(32, 32, 16), (std::vector<int64_t>{0}));
  EXPECT_EQ(window_starts(48, 32, 16), (std::vector<int64_t>{0, 16}));
  EXPECT_EQ(window_padding(29, 32).low, 1);
  EXPECT_EQ(window_padding(29, 32).high, 2);
  EXPECT_EQ(window_padding(40, 32).high, 0);
}

TEST(SlidingWindow, GaussianWeights) {
  const torch::Tensor w = window_weights(window({16, 8, 5}, {}, "gaussian"), torch::kFloat64);
  EXPECT_TRUE(torch::allclose(w, w.flip({0, 1, 2})));
  EXPECT_DOUBLE_EQ(w[0][0][0].item<double>(), 1e-3);
  const double offset = 0.5 / 2;  // half a voxel, sigma = 16 / 8
  EXPECT_NEAR(w[7][3][2].item<double>(), std::exp(-0.5 * (offset * offset + 0.25)), 1e-12);
}

TEST(SlidingWindow, BadOptionsNameTheField) {
  const auto message = [](const WindowOptions& options) -> std::string {
    try {
      options.check();
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message(window({8, 8}, {}, "constant")).find("window.patch"), std::string::npos);
  EXPECT_NE(message(window({8, 8, 8}, {9, 8, 8}, "constant")).find("window.stride"), std::string::npos);
  EXPECT_NE(message(window({8, 8, 8}, {}, "gauss")).find("window.weights"), std::string::npos);
  EXPECT_NE(message(window({8, 8, 8}, {}, "constant", 0)).find("window.batch"), std::string::npos);
  WindowOptions overlap;
  overlap.overlap = 1;
  EXPECT_NE(message(overlap).find("window.overlap"), std::string::npos);
}

}  // namespace tss::sliding_window_test
