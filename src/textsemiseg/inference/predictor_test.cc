#include "textsemiseg/inference/predictor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/inference/plane_argmax.h"
#include "textsemiseg/volume/reorient.h"

namespace tss::predictor_test {

// Class 1 above 0.5, class 2 above 1.5: what a voxel gets depends on its own value alone.
class Thresholds : public Method {
 public:
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& windows) override {
    const torch::Tensor a = torch::sigmoid(20 * (windows - 0.5)), b = torch::sigmoid(20 * (windows - 1.5));
    return torch::cat({1 - a, a * (1 - b), a * b}, 1);
  }
  void begin_prediction() override { ++begun; }
  int begun = 0;
};

PredictorOptions small_windows(int64_t batch = 3) {
  PredictorOptions options;
  options.window.patch = {16, 16, 16};
  options.window.batch = batch;
  return options;
}

Recipe plain(std::vector<double> spacing = {}) {
  Recipe recipe;
  recipe.remove("normalise");
  if (!spacing.empty()) recipe.at<Resample>().spacing = std::move(spacing);
  return recipe;
}

Matrix3 oblique() {
  // Rotations by 0.3 about z and 0.2 about x.
  const double c = std::cos(0.3), s = std::sin(0.3), d = std::cos(0.2), t = std::sin(0.2);
  return {{{c, -s * d, s * t}, {s, c * d, -c * t}, {0, t, d}}};
}

// A ball of class 2 inside one of class 1, placed in the world, seen on any grid.
Image ball(const Geometry& grid, const Vector3& centre) {
  Image image(grid);
  for (int64_t x = 0; x < grid.size[0]; ++x)
    for (int64_t y = 0; y < grid.size[1]; ++y)
      for (int64_t z = 0; z < grid.size[2]; ++z) {
        const Vector3 p = grid.world({double(x), double(y), double(z)});
        double r = 0;
        for (size_t a = 0; a < 3; ++a) r += (p[a] - centre[a]) * (p[a] - centre[a]);
        image(x, y, z) = static_cast<float>(2.5 - std::sqrt(r) / 6);
      }
  return image;
}

uint8_t threshold(float v) { return v > 1.5f ? 2 : v > 0.5f ? 1 : 0; }

Geometry grid(Size3 size, Vector3 spacing, Matrix3 direction = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.direction = direction;
  g.origin = {-10, 20, 5};
  return g;
}

Vector3 middle(const Geometry& g) { return g.world({double(g.size[0]) / 2, double(g.size[1]) / 2, double(g.size[2]) / 2}); }

Vector3 centre_of_mass(const LabelMap& labels) {
  Vector3 sum{0, 0, 0};
  double n = 0;
  for (int64_t x = 0; x < labels.size()[0]; ++x)
    for (int64_t y = 0; y < labels.size()[1]; ++y)
      for (int64_t z = 0; z < labels.size()[2]; ++z) {
        if (labels(x, y, z) == 0) continue;
        const Vector3 p = labels.geometry.world({double(x), double(y), double(z)});
        for (size_t a = 0; a < 3; ++a) sum[a] += p[a];
        ++n;
      }
  for (double& v : sum) v /= n;
  return sum;
}

void expect_same_geometry(const Geometry& a, const Geometry& b) {
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.spacing, b.spacing);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.direction, b.direction);
}

const std::vector<Matrix3> kDirections = {
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},    // RAS
    {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}},  // LPS
    {{{0, 0, 1}, {-1, 0, 0}, {0, -1, 0}}},  // axes permuted and flipped
    {{{0, 1, 0}, {0, 0, -1}, {1, 0, 0}}},  oblique(),
};

TEST(Predictor, PermutedFlippedAndObliqueScansAreExact) {
  for (const Matrix3& direction : kDirections) {
    const Geometry g = grid({24, 30, 19}, {1.1, 0.9, 2.0}, direction);
    const Image scan = ball(g, middle(g));
    const Prediction p = Predictor(plain(), std::make_shared<Thresholds>(), small_windows()).predict(scan);
    expect_same_geometry(p.labels.geometry, g);
    for (size_t i = 0; i < scan.voxels.size(); ++i) ASSERT_EQ(p.labels.voxels[i], threshold(scan.voxels[i])) << i;
  }
}

TEST(Predictor, ResampledScansComeBackOnTheirOwnGrid) {
  for (const Matrix3& direction : kDirections) {
    const Geometry g = grid({40, 44, 13}, {0.8, 0.7, 2.5}, direction);
    const Image scan = ball(g, middle(g));
    const Prediction p = Predictor(plain({1.3, 1.3, 1.3}), std::make_shared<Thresholds>(), small_windows()).predict(scan);
    expect_same_geometry(p.labels.geometry, g);
    int64_t wrong = 0, foreground = 0;
    for (size_t i = 0; i < scan.voxels.size(); ++i) {
      wrong += p.labels.voxels[i] != threshold(scan.voxels[i]);
      foreground += threshold(scan.voxels[i]) > 0;
    }
    EXPECT_GT(foreground, 1000);
    EXPECT_LT(static_cast<double>(wrong), 0.05 * static_cast<double>(foreground));
    const Vector3 com = centre_of_mass(p.labels), expected = middle(g);
    for (size_t a = 0; a < 3; ++a) EXPECT_NEAR(com[a], expected[a], 0.15);
  }
}

// The crop's outermost voxels are foreground; what it took away is background all the same, also where it was padded over afterwards, and
// the stored axes come back.
TEST(Predictor, WhatACropTookAwayIsBackground) {
  for (const auto& [reorient, padded] : {std::pair{true, false}, {false, false}, {true, true}, {false, true}}) {
    for (const Matrix3& direction : kDirections) {
      const Geometry g = grid({30, 26, 19}, {0.8, 1.1, 1.7}, direction);
      Image scan(g);
      for (int64_t x = 5; x < 24; ++x)
        for (int64_t y = 3; y < 26; ++y)
          for (int64_t z = 4; z < 11; ++z) scan(x, y, z) = 2;
      Recipe recipe = plain();
      recipe.steps.clear();
      if (reorient) recipe.steps.emplace_back(Reorient{});
      recipe.at<Crop>().around = "nonzero";
      if (padded) recipe.steps.emplace_back(Pad{.minimum = {40, 25, 12}, .value = 2});  // all of it is foreground for the network
      PredictorOptions options = small_windows();
      options.probabilities = true;
      const Prediction p = Predictor(recipe, std::make_shared<Thresholds>(), options).predict(scan);
      expect_same_geometry(p.labels.geometry, g);
      EXPECT_FALSE(p.crop_fell_back);
      for (size_t i = 0; i < scan.voxels.size(); ++i) {
        ASSERT_EQ(p.labels.voxels[i], scan.voxels[i] > 0 ? 2 : 0) << i;
        ASSERT_NEAR(p.probabilities[0].voxels[i], scan.voxels[i] > 0 ? 0 : 1, 1e-3) << i;
      }
    }
  }
}

// Behind a resampling the half voxels beyond the outermost centres are part of the scan: nothing was taken away there.
TEST(Predictor, WithoutACropTheRimKeepsItsClass) {
  Image scan(grid({20, 20, 20}, {1, 1, 1}));
  for (float& v : scan.voxels) v = 2;
  const Prediction p = Predictor(plain({3, 3, 3}), std::make_shared<Thresholds>(), small_windows()).predict(scan);
  for (const uint8_t v : p.labels.voxels) ASSERT_EQ(v, 2);
}

TEST(Predictor, ACropAroundTheLabelFallsBack) {
  Recipe recipe = plain();
  Crop& crop = recipe.at<Crop>();
  crop.around = "label";
  crop.without_label = "nonzero";
  Image scan(grid({20, 20, 20}, {1, 1, 1}));
  scan(10, 10, 10) = 2;
  const Prediction p = Predictor(recipe, std::make_shared<Thresholds>(), small_windows()).predict(scan);
  EXPECT_TRUE(p.crop_fell_back);
  EXPECT_EQ(p.labels(10, 10, 10), 2);
}

TEST(Predictor, MirroredInputGivesMirroredWorldPosition) {
  const Geometry g = grid({40, 30, 20}, {1, 1, 1.5});
  Vector3 off = middle(g);
  off[0] += 6;
  Image scan = ball(g, off), mirrored = scan;
  for (int64_t x = 0; x < 40; ++x)
    for (int64_t y = 0; y < 30; ++y)
      for (int64_t z = 0; z < 20; ++z) mirrored(x, y, z) = scan(39 - x, y, z);
  const Predictor predictor(plain({2, 2, 2}), std::make_shared<Thresholds>(), small_windows());
  const Vector3 a = centre_of_mass(predictor.predict(scan).labels), b = centre_of_mass(predictor.predict(mirrored).labels);
  const double plane = g.origin[0] + 39.0 / 2;
  EXPECT_NEAR(a[0] - plane, plane - b[0], 1e-6);
  EXPECT_NEAR(a[1], b[1], 1e-6);
  EXPECT_GT(a[0] - b[0], 8);
}

TEST(Predictor, SmallVolumesAndBatchesOfWindows) {
  const Geometry g = grid({7, 40, 5}, {1, 1, 1});
  const Image scan = ball(g, middle(g));
  const auto labels = [&](int64_t batch) {
    return Predictor(plain(), std::make_shared<Thresholds>(), small_windows(batch)).predict(scan).labels.voxels;
  };
  const auto one = labels(1);
  EXPECT_EQ(one, labels(4));
  EXPECT_EQ(one, labels(64));
  for (size_t i = 0; i < one.size(); ++i) ASSERT_EQ(one[i], threshold(scan.voxels[i]));
}

TEST(Predictor, ProbabilitiesLieOnTheScan) {
  const Geometry g = grid({20, 18, 16}, {1, 1, 1}, kDirections[2]);
  PredictorOptions options = small_windows();
  options.probabilities = true;
  const Prediction p = Predictor(plain(), std::make_shared<Thresholds>(), options).predict(ball(g, middle(g)));
  ASSERT_EQ(p.probabilities.size(), 3u);
  for (size_t i = 0; i < p.labels.voxels.size(); ++i) {
    float sum = 0, best = -1;
    uint8_t at = 0;
    for (uint8_t k = 0; k < 3; ++k) {
      const float v = p.probabilities[k].voxels[i];
      sum += v;
      if (v > best) best = v, at = k;
    }
    ASSERT_NEAR(sum, 1, 1e-5);
    ASSERT_EQ(at, p.labels.voxels[i]);
  }
  expect_same_geometry(p.probabilities[1].geometry, g);
}

TEST(Predictor, PreparedImagesAndPostprocessing) {
  const Geometry g = grid({20, 20, 20}, {1, 1, 1});
  Image scan(g);
  scan(1, 1, 1) = 1;
  for (int64_t x = 10; x < 14; ++x) scan(x, 10, 10) = 1;
  scan(12, 10, 10) = 2;
  const torch::Tensor image = torch::from_blob(scan.voxels.data(), {20, 20, 20}).clone();
  PredictorOptions options = small_windows();
  auto method = std::make_shared<Thresholds>();
  EXPECT_EQ(Predictor(plain(), method, options).predict_prepared(image, g)(1, 1, 1), 1);
  options.postprocess.keep_largest = true;
  const LabelMap largest = Predictor(plain(), method, options).predict_prepared(image, g);
  EXPECT_EQ(method->begun, 2);
  EXPECT_FALSE(method->is_training());
  EXPECT_EQ(largest(1, 1, 1), 0);
  EXPECT_EQ(largest(11, 10, 10), 1);
  EXPECT_EQ(largest(13, 10, 10), 0);  // cut off by class 2, and smaller
  EXPECT_EQ(largest(12, 10, 10), 2);  // each class on its own
  options.postprocess = {.min_component = 2};
  EXPECT_EQ(Predictor(plain(), method, options).predict_prepared(image, g)(12, 10, 10), 0);
}

TEST(Predictor, ChannelsMustShareAGrid) {
  const Predictor predictor(plain(), std::make_shared<Thresholds>(), small_windows());
  EXPECT_THROW(predictor.predict({Image(grid({4, 4, 4}, {1, 1, 1})), Image(grid({4, 4, 4}, {1, 1, 2}))}), InputError);
}

TEST(PlaneResampler, SlabsOfAnySizeGiveTheSameResult) {
  const Geometry source = grid({9, 6, 5}, {2, 2, 2});
  Geometry target = grid({23, 7, 11}, {0.75, 1.5, 0.9});
  torch::manual_seed(1);
  const torch::Tensor p = torch::softmax(torch::randn({3, 9, 6, 5}), 0);
  const auto labels = [&](int64_t step) {
    PlaneResampler onto_target(source, target);
    PlaneArgmax result(target, false);
    for (int64_t x = 0; x < 9; x += step) {
      torch::Tensor slab = p.narrow(1, x, std::min(step, 9 - x)).clone();
      onto_target.take(x, slab, [&](int64_t at, const torch::Tensor& plane) { result.take(at, plane); });
      slab.fill_(7);  // the owner reuses it
    }
    return std::move(result).labels().voxels;
  };
  const auto all = labels(9);
  EXPECT_EQ(labels(1), all);
  EXPECT_EQ(labels(4), all);
  // By the definition.
  for (int64_t x = 0; x < 23; ++x)
    for (int64_t y = 0; y < 7; ++y)
      for (int64_t z = 0; z < 11; ++z) {
        const Vector3 at = source.index(target.world({double(x), double(y), double(z)}));
        double value[3] = {0, 0, 0};
        for (int corner = 0; corner < 8; ++corner) {
          double weight = 1;
          int64_t i[3];
          for (size_t a = 0; a < 3; ++a) {
            const double c = std::clamp(at[a], 0.0, double(source.size[a] - 1));
            const int64_t low = std::min<int64_t>(int64_t(c), source.size[a] - 2);
            const bool up = corner >> a & 1;
            i[a] = low + up;
            weight *= up ? c - double(low) : 1 - (c - double(low));
          }
          for (int64_t k = 0; k < 3; ++k) value[k] += weight * p[k][i[0]][i[1]][i[2]].item<double>();
        }
        const auto best = std::max_element(value, value + 3) - value;
        const uint8_t got = all[static_cast<size_t>((x * 7 + y) * 11 + z)];
        ASSERT_NEAR(value[got], value[best], 1e-5);
      }
}

TEST(PlaneResampler, GridsMustBeParallel) {
  const Geometry g = grid({2, 2, 2}, {1, 1, 1});
  EXPECT_THROW(PlaneResampler(g, grid({2, 2, 2}, {1, 1, 1}, oblique())), Error);
}

TEST(PlaneArgmax, TiesGoToTheLowerClassAndEveryPlaneIsNeeded) {
  const Geometry g = grid({2, 2, 2}, {1, 1, 1});
  PlaneArgmax result(g, false);
  result.take(0, torch::full({2, 2, 2}, 0.5));
  EXPECT_THROW(PlaneArgmax(result).labels(), Error);
  result.take(1, torch::full({2, 2, 2}, 0.5));
  EXPECT_EQ(std::move(result).labels().voxels, std::vector<uint8_t>(8, 0));
}

}  // namespace tss::predictor_test
