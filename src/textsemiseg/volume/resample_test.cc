#include "textsemiseg/volume/resample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "support/sample_volumes.h"
#include "textsemiseg/base/error.h"

namespace tss::resample_test {

// From SimpleITK 2.5.7 (sitk.Resample with identity transform, outside value -5): sample::filled(sample::oblique()) on
// target(); the first 48 of 60 values, the rest lies outside. Values beyond the input's range 0..16 are not clamped there.
constexpr std::array<float, 48> kNearest{0, 12, 8,  3, 3, 0, 12, 12, 5, 4,  2, 14, 2,  14, 14, 13, 9, 4, 16, 16, 14, 14, 9, 3,
                                         3, 7,  12, 7, 2, 2, 5,  5,  0, 13, 8, 13, 12, 7,  7,  2,  6, 6, 1,  -5, -5, 1,  1, -5};
constexpr std::array<float, 48> kLinear{6.5747304f,  9.43739605f, 9.27652836f, 5.88408422f, 5.42096806f, 9.48201942f, 9.52147388f,
                                        10.7668705f, 8.24720669f, 6.2473402f,  2.78442931f, 6.98593521f, 8.02844906f, 9.60939217f,
                                        11.4093494f, 11.3631182f, 7.96174622f, 4.53677702f, 9.39760208f, 14.0170956f, 9.28989029f,
                                        10.2642984f, 10.5980806f, 7.82881451f, 5.44522238f, 7.15185022f, 8.57187843f, 10.4422131f,
                                        8.3175087f,  7.69178677f, 6.62833929f, 3.96054316f, 4.2212882f,  8.0537653f,  9.44955349f,
                                        10.4157629f, 9.68391705f, 7.10137558f, 4.90685654f, 2.95578337f, 4.46105909f, 4.39187765f,
                                        5.30789804f, -5,          -5,          3.4347496f,  5.32082033f, -5};
constexpr std::array<float, 48> kBSpline{
    6.27810097f, 10.7517662f, 8.79991627f,  3.70066261f, 5.58995008f, 10.5480661f, 10.1217852f, 11.2310886f,
    8.2046051f,  4.23100424f, 0.356373191f, 3.52414894f, 7.70182371f, 12.7651806f, 13.884553f,  13.6495514f,
    8.24410629f, 3.98865199f, 10.3394918f,  16.2542572f, 9.38666534f, 14.2147093f, 13.6605654f, 7.19583988f,
    4.47158623f, 8.80448341f, 9.88867188f,  9.59049129f, 7.59749794f, 7.97796249f, 6.63062048f, 1.83503664f,
    3.73052192f, 9.89842606f, 10.3772688f,  11.4094067f, 12.2257195f, 6.48183632f, 1.8984108f,  2.33153009f,
    1.94817555f, 1.34636128f, 6.11305809f,  -5,          -5,          1.80303919f, 3.119663f,   -5};

Geometry target() { return sample::geometry({4, 3, 5}, {1.1, 1.7, 1.3}, {8.8, -17.9, 8.3}, sample::rotation(0.25, -0.1, 0.3)); }

Image resampled(Interpolation interpolation, std::optional<float> outside) {
  return resample_to(sample::filled<float>(sample::oblique()), target(), interpolation, outside);
}

TEST(Resample, EqualsSimpleItkOnObliqueGrids) {
  const Image nearest = resampled(Interpolation::kNearest, -5.0f);
  const Image linear = resampled(Interpolation::kLinear, -5.0f);
  const Image spline = resampled(Interpolation::kBSpline, -5.0f);
  for (size_t i = 0; i < 48; ++i) {
    EXPECT_EQ(nearest.voxels[i], kNearest[i]) << i;
    EXPECT_NEAR(linear.voxels[i], kLinear[i], 1e-5) << i;
    EXPECT_NEAR(spline.voxels[i], std::min(kBSpline[i], 16.0f), 5e-5) << i;
  }
  for (size_t i = 48; i < 60; ++i) EXPECT_EQ(linear.voxels[i], -5) << i;
  EXPECT_TRUE(same_grid(linear.geometry, target(), 0));
}

TEST(Resample, WithoutOutsideValueTheEdgeGoesOn) {
  for (const auto interpolation : {Interpolation::kNearest, Interpolation::kLinear, Interpolation::kBSpline}) {
    const Image cut = resampled(interpolation, -5.0f);
    const Image extended = resampled(interpolation, std::nullopt);
    for (size_t i = 0; i < 60; ++i) {
      EXPECT_TRUE(cut.voxels[i] == -5 || cut.voxels[i] == extended.voxels[i]) << i;
      EXPECT_GE(extended.voxels[i], 0);
    }
  }
}

TEST(Resample, BSplineIsClampedToTheInput) {
  Geometry g;
  g.size = {20, 4, 4};
  Image step(g, 100.0f);
  std::fill(step.voxels.begin() + 160, step.voxels.end(), 300.0f);
  const Image fine = resample_to(step, with_spacing(g, {0.5, 1, 1}), Interpolation::kBSpline);
  for (const float v : fine.voxels) {
    EXPECT_GE(v, 100);
    EXPECT_LE(v, 300);
  }
  const Image same = resample_to(step, g, Interpolation::kBSpline);
  for (size_t i = 0; i < same.voxels.size(); ++i) EXPECT_NEAR(same.voxels[i], step.voxels[i], 1e-3);
}

TEST(Resample, LinearRampIsExactInside) {
  Geometry g = sample::oblique();
  Image ramp(g);
  const auto value = [](const Vector3& w) { return static_cast<float>(3 + 2 * w[0] - w[1] + 0.5 * w[2]); };
  for (int64_t x = 0; x < 6; ++x)
    for (int64_t y = 0; y < 7; ++y)
      for (int64_t z = 0; z < 5; ++z)
        ramp(x, y, z) = value(g.world({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)}));
  const Geometry t = with_spacing(g, {1.3, 2.1, 3});
  const Image out = resample_to(ramp, t, Interpolation::kLinear);
  EXPECT_NEAR(out(1, 2, 1), value(t.world({1, 2, 1})), 1e-4);
  EXPECT_NEAR(out(2, 1, 2), value(t.world({2, 1, 2})), 1e-4);
}

TEST(WithSpacing, KeepsTheFieldOfViewCentre) {
  const Geometry g = sample::oblique();
  const Geometry t = with_spacing(g, {1, 1, 1});
  EXPECT_EQ(t.size, (Size3{5, 9, 13}));  // 4.8, 9.1 and 12.5 (half up)
  const Vector3 old_centre = g.world({2.5, 3, 2}), new_centre = t.world({2, 4, 6});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(old_centre[i], new_centre[i], 1e-12);
  EXPECT_EQ(t.direction, g.direction);
  EXPECT_TRUE(same_grid(with_spacing(g, g.spacing), g, 1e-12));
  EXPECT_EQ(with_spacing(g, {100, 100, 100}).size, (Size3{1, 1, 1}));
  EXPECT_THROW(with_spacing(g, {1, 0, 1}), InputError);
}

TEST(WithSpacing, CommutesWithFlips) {
  const Image scan = sample::filled<float>(sample::oblique());
  const Image expected = resample_to(scan, with_spacing(scan.geometry, {1, 1, 2}), Interpolation::kLinear);
  for (const AxisMap& map : sample::all_axis_maps()) {
    const Image moved = map.apply(scan);
    const Geometry other = map.apply(sample::geometry({1, 1, 1}, {1, 1, 2}, {}, {}));
    const Image out = to_ras(resample_to(moved, with_spacing(moved.geometry, other.spacing), Interpolation::kLinear));
    ASSERT_TRUE(same_grid(out.geometry, expected.geometry, 1e-9));
    for (size_t i = 0; i < out.voxels.size(); ++i) ASSERT_NEAR(out.voxels[i], expected.voxels[i], 1e-4);
  }
}

TEST(ResampleLabels, HalfWayTakesTheLowerIndexWhateverTheRounding) {
  Geometry g;
  g.size = {1, 1, 8};
  LabelMap labels(g);
  for (uint8_t i = 0; i < 8; ++i) labels.voxels[i] = i;
  // Each new centre lies half-way between two voxels; origins and spacings that do not divide evenly must not matter.
  for (const double spacing : {1.0, 0.1, 1.0 / 3, 0.7421875, 1.17}) {
    labels.geometry.spacing = {1, 1, spacing};
    labels.geometry.origin = {0, 0, -1234.567};
    const LabelMap half = resample_to(labels, with_spacing(labels.geometry, {1, 1, 2 * spacing}));
    EXPECT_EQ(half.voxels, (std::vector<uint8_t>{0, 2, 4, 6})) << spacing;
  }
}

TEST(ResampleLabels, ThereAndBackOnAWholeFactorIsExact) {
  const LabelMap labels = sample::filled<uint8_t>(sample::oblique());
  const Geometry fine = with_spacing(labels.geometry, {0.4, 0.65, 0.5});
  EXPECT_EQ(fine.size, (Size3{12, 14, 25}));
  EXPECT_EQ(resample_to(resample_to(labels, fine), labels.geometry).voxels, labels.voxels);
}

TEST(ResampleLabels, ParallelGridsGoTheShortWayToTheSameResult) {
  const LabelMap labels = sample::filled<uint8_t>(sample::oblique());
  Geometry target = with_spacing(labels.geometry, {1.1, 0.7, 1.9});
  target.origin = target.world({-2, 3, 1});
  Geometry turned = target;  // by less than any tie or rounding can feel, by more than counts as parallel
  turned.direction = sample::rotation(0.2, -0.3, 0.5 + 1e-7);
  for (const std::optional<uint8_t> outside : {std::optional<uint8_t>{}, std::optional<uint8_t>{200}}) {
    const LabelMap parallel = resample_to(labels, target, outside);
    EXPECT_EQ(parallel.voxels, resample_to(labels, turned, outside).voxels);
    EXPECT_EQ(std::count(parallel.voxels.begin(), parallel.voxels.end(), 200) > 0, outside.has_value());
  }
}

TEST(ResampleLabels, OutsideValue) {
  Geometry g;
  g.size = {2, 2, 2};
  const LabelMap ones(g, 1);
  Geometry wide = g;
  wide.size = {4, 2, 2};
  wide.origin = {-1, 0, 0};
  EXPECT_EQ(resample_to(ones, wide, uint8_t{7})(0, 0, 0), 7);
  EXPECT_EQ(resample_to(ones, wide, uint8_t{7})(1, 0, 0), 1);
  EXPECT_EQ(resample_to(ones, wide)(0, 0, 0), 1);
  EXPECT_EQ(resample_to(ones, wide)(3, 0, 0), 1);
}

}  // namespace tss::resample_test
