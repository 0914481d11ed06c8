// Several networks, mirror images and bfloat16: means of probabilities, still plane by plane.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/inference/plane_mean.h"
#include "textsemiseg/inference/predictor.h"
#include "textsemiseg/volume/reorient.h"

namespace tss::ensemble_test {

// p(class 1) of a voxel is a sigmoid of (its value and slope times its place in the window) with a gain of its own.
class Gain : public Method {
 public:
  explicit Gain(double gain, double slope = 0) : gain_(gain), slope_(slope) {}
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& windows) override {
    ++calls;
    const torch::Tensor place = torch::arange(windows.size(2), torch::kFloat32).view({1, 1, -1, 1, 1});
    const torch::Tensor p = torch::sigmoid(gain_ * (windows + slope_ * place));
    return torch::cat({1 - p, p}, 1);
  }
  int calls = 0;

 private:
  double gain_, slope_;
};

Recipe plain(std::vector<double> spacing = {}) {
  Recipe recipe;
  recipe.remove("normalise");
  if (!spacing.empty()) recipe.at<Resample>().spacing = std::move(spacing);
  return recipe;
}

WindowOptions windows_of(int64_t side, int64_t batch = 2) {
  WindowOptions window;
  window.patch = {side, side, side};
  window.batch = batch;
  return window;
}

Image noise(Size3 size, Vector3 spacing, uint64_t seed) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.direction = {{{0, 0, -1}, {1, 0, 0}, {0, 1, 0}}};
  Image image(g);
  torch::manual_seed(seed);
  const torch::Tensor values = torch::randn({g.voxels()});
  std::copy_n(values.data_ptr<float>(), values.numel(), image.voxels.data());
  return image;
}

PredictorOptions with_probabilities() {
  PredictorOptions options;
  options.probabilities = true;
  return options;
}

TEST(Ensemble, IsTheMeanOfItsMembersWhateverTheirRecipesAndWindows) {
  const Image scan = noise({26, 21, 33}, {1.2, 0.8, 2}, 3);
  const std::vector<PredictorMember> members = {{plain(), std::make_shared<Gain>(1), windows_of(16)},
                                                {plain({1.7, 1.1, 1.4}), std::make_shared<Gain>(-3), windows_of(8, 5)},
                                                {plain({0.9, 2, 2}), std::make_shared<Gain>(2), windows_of(24, 1)}};
  const Prediction all = Predictor(members, with_probabilities()).predict(scan);
  ASSERT_EQ(all.probabilities.size(), 2u);
  std::vector<double> mean(scan.voxels.size());
  int64_t windows = 0;
  for (const PredictorMember& member : members) {
    const Prediction one = Predictor({member}, with_probabilities()).predict(scan);
    windows += one.windows;
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += static_cast<double>(one.probabilities[1].voxels[i]) / 3;
  }
  EXPECT_EQ(all.windows, windows);
  int64_t foreground = 0;
  for (size_t i = 0; i < mean.size(); ++i) {
    ASSERT_NEAR(all.probabilities[1].voxels[i], mean[i], 1e-5);
    if (std::abs(mean[i] - 0.5) > 1e-4) {
      ASSERT_EQ(all.labels.voxels[i], mean[i] > 0.5);
    }
    foreground += all.labels.voxels[i];
  }
  EXPECT_GT(foreground, 1000);
  EXPECT_EQ(all.labels.geometry.direction, scan.geometry.direction);
}

TEST(Ensemble, OneMemberIsThePlainPathBitForBit) {
  const Image scan = noise({20, 18, 22}, {1, 1, 1}, 4);
  PredictorOptions options = with_probabilities();
  options.window = windows_of(12);
  const Prediction plain_path = Predictor(plain({1.3, 1, 1}), std::make_shared<Gain>(1, 0.1), options).predict(scan);
  const Prediction member =
      Predictor({{plain({1.3, 1, 1}), std::make_shared<Gain>(1, 0.1), options.window}}, with_probabilities()).predict(scan);
  EXPECT_EQ(plain_path.probabilities[1].voxels, member.probabilities[1].voxels);
  EXPECT_EQ(plain_path.labels.voxels, member.labels.voxels);
  EXPECT_THROW(Predictor(std::vector<PredictorMember>{}, options), Error);
}

TEST(Ensemble, FewPlanesWait) {
  // Members with windows of very different depth: the one ahead waits for the other, no more than its slab.
  std::vector<int64_t> order;
  size_t most = 0;
  PlaneMean mean(2, [&](int64_t x, const torch::Tensor& plane) {
    order.push_back(x);
    EXPECT_EQ(plane[0][0][0].item<float>(), static_cast<float>(x) + 0.5f);
  });
  const auto plane = [](double value) { return torch::full({2, 3, 3}, value); };
  for (int64_t x = 0; x < 4; ++x) mean.take(x, plane(static_cast<double>(x)));
  EXPECT_TRUE(order.empty());
  for (int64_t x = 0; x < 6; ++x) {
    mean.take(x, plane(static_cast<double>(x) + 1));
    most = std::max(most, mean.waiting());
  }
  EXPECT_THAT(order, ::testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(mean.waiting(), 2u);
  EXPECT_LE(most, 4u);
}

TEST(Mirror, AveragesEveryCombinationOfFlips) {
  torch::manual_seed(5);
  const torch::Tensor windows = torch::randn({2, 1, 6, 5, 4});
  const auto method = std::make_shared<Gain>(1, 0.3);
  const WindowFunction function = [&](const torch::Tensor& w) { return method->predict(w); };
  const torch::Tensor mean = mirrored(function, {0, 2})(windows);
  EXPECT_EQ(method->calls, 4);
  torch::Tensor expected = torch::zeros_like(mean);
  for (const std::vector<int64_t>& dims : std::vector<std::vector<int64_t>>{{}, {2}, {4}, {2, 4}}) {
    const torch::Tensor seen = dims.empty() ? windows : windows.flip(dims);
    expected += (dims.empty() ? function(seen) : function(seen).flip(dims)) / 4;
  }
  EXPECT_LT((mean - expected).abs().max().item<double>(), 1e-6);
  // The slope along x is undone by averaging over x, not by averaging over y.
  const torch::Tensor level = torch::zeros({1, 1, 6, 4, 4});
  const auto change = [&](const std::vector<int64_t>& axes) {
    const torch::Tensor p = mirrored(function, axes)(level).select(1, 1);
    return (p.select(1, 0) - p.select(1, 5)).abs().max().item<double>();
  };
  EXPECT_LT(change({0}), 1e-6);
  EXPECT_GT(change({1}), 0.1);
}

TEST(Mirror, NoneIsTheFunctionItself) {
  const torch::Tensor held = torch::rand({1, 2, 3, 3, 3});
  const WindowFunction function = [&](const torch::Tensor&) { return held; };
  EXPECT_TRUE(mirrored(function, {})(torch::rand({1, 1, 3, 3, 3})).is_same(held));
  const torch::Tensor before = held.clone();
  mirrored(function, {0})(torch::rand({1, 1, 3, 3, 3}));
  EXPECT_TRUE(held.equal(before));  // what a function holds is not added to
}

TEST(Mirror, AxesAreRead) {
  using ::testing::ElementsAre;
  EXPECT_THAT(parse_mirror_axes("z,x"), ElementsAre(0, 2));
  EXPECT_THAT(parse_mirror_axes("all"), ElementsAre(0, 1, 2));
  EXPECT_THAT(parse_mirror_axes("none"), ElementsAre());
  EXPECT_EQ(mirror_axes_name({0, 2}), "x,z");
  EXPECT_EQ(mirror_axes_name({}), "none");
  EXPECT_THROW(parse_mirror_axes("x,w"), InputError);
  EXPECT_THROW(parse_mirror_axes(","), InputError);
}

TEST(Predictor, MirroringAndProgressReachTheScan) {
  const Image scan = noise({20, 18, 22}, {1, 1, 1}, 6);
  PredictorOptions options = with_probabilities();
  options.window = windows_of(12, 3);
  const auto slanted = std::make_shared<Gain>(1, 0.2);
  const Prediction once = Predictor(plain(), slanted, options).predict(scan);
  const int calls = slanted->calls;
  std::vector<std::pair<int64_t, int64_t>> seen;
  options.mirror = {0};
  options.progress = [&](int64_t done, int64_t windows) { seen.emplace_back(done, windows); };
  const Prediction twice = Predictor(plain(), slanted, options).predict(scan);
  EXPECT_EQ(slanted->calls, 3 * calls);
  EXPECT_NE(once.probabilities[1].voxels, twice.probabilities[1].voxels);
  ASSERT_FALSE(seen.empty());
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen.back().first, twice.windows);
  EXPECT_EQ(seen.back().second, twice.windows);
}

// A convolution, so that autocast has something to do.
class Convolution : public Method {
 public:
  Convolution() : layer_(register_module("layer", torch::nn::Conv3d(1, 2, 3))) {}
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& windows) override {
    const torch::Tensor logits = layer_(torch::constant_pad_nd(windows, {1, 1, 1, 1, 1, 1}));
    type = logits.scalar_type();
    return torch::softmax(logits.to(torch::kFloat32), 1);
  }
  torch::ScalarType type = torch::kDouble;

 private:
  torch::nn::Conv3d layer_;
};

TEST(Predictor, Bfloat16OnlyWhereAskedFor) {
  const Image scan = noise({16, 16, 16}, {1, 1, 1}, 7);
  torch::manual_seed(8);
  const auto method = std::make_shared<Convolution>();
  PredictorOptions options = with_probabilities();
  options.window = windows_of(16);
  const Prediction full = Predictor(plain(), method, options).predict(scan);
  EXPECT_EQ(method->type, torch::kFloat32);
  options.bf16 = true;
  const Prediction half = Predictor(plain(), method, options).predict(scan);
  EXPECT_EQ(method->type, torch::kBFloat16);
  double most = 0;
  for (size_t i = 0; i < scan.voxels.size(); ++i)
    most = std::max(most, std::abs(static_cast<double>(full.probabilities[1].voxels[i] - half.probabilities[1].voxels[i])));
  EXPECT_GT(most, 0);
  EXPECT_LT(most, 0.02);
  options.bf16 = false;
  EXPECT_EQ(Predictor(plain(), method, options).predict(scan).labels.voxels, full.labels.voxels);
}

}  // namespace tss::ensemble_test
