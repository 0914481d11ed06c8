#include "textsemiseg/recipe/steps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/source/published_dataset.h"

namespace tss::steps_test {

using ::testing::ElementsAre;

Geometry grid(const Size3& size, const Vector3& spacing = {1, 1, 1}) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing = spacing;
  return geometry;
}

// (7x + 13y + 29z + 3xy) mod m - shift, on which the Python oracles below were computed too.
Image ramp(const Geometry& geometry, int64_t m, int64_t shift) {
  Image image(geometry);
  for (int64_t x = 0; x < image.size()[0]; ++x)
    for (int64_t y = 0; y < image.size()[1]; ++y)
      for (int64_t z = 0; z < image.size()[2]; ++z)
        image(x, y, z) = static_cast<float>((7 * x + 13 * y + 29 * z + 3 * x * y) % m - shift);
  return image;
}

LabelMap box(const Geometry& geometry, const Size3& low, const Size3& high) {  // high inclusive
  LabelMap labels(geometry);
  for (int64_t x = low[0]; x <= high[0]; ++x)
    for (int64_t y = low[1]; y <= high[1]; ++y)
      for (int64_t z = low[2]; z <= high[2]; ++z) labels(x, y, z) = 1;
  return labels;
}

// One channel whose voxel is its index along axis 0, and its label.
CaseArrays indexed(const Size3& size, std::optional<LabelMap> label = std::nullopt) {
  Image image(grid(size));
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z) image(x, y, z) = static_cast<float>(x);
  return {.channels = {image}, .label = std::move(label)};
}

int64_t count(const LabelMap& labels) { return std::count(labels.voxels.begin(), labels.voxels.end(), 1); }

TEST(CropStep, FollowsItsFormula) {
  const Size3 size{40, 40, 40};
  const LabelMap label = box(grid(size), {10, 12, 14}, {19, 15, 14});
  const auto cropped = [&](const Crop& crop) {
    CaseArrays one = indexed(size, label);
    crop.apply(one);
    EXPECT_EQ(grid_difference(one.geometry(), one.label->geometry), "");
    return one;
  };
  const auto first = [](const CaseArrays& one) { return one.geometry().origin; };
  Crop crop;
  crop.around = "label";
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{10, 4, 1}));
  EXPECT_EQ(first(cropped(crop)), (Vector3{10, 12, 14}));
  crop.margin = {3, 20, 0};  // 20 before 12 and 20 behind 15: cut at 0, not at 40
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{16, 36, 1}));
  EXPECT_EQ(first(cropped(crop)), (Vector3{7, 0, 14}));
  crop.margin = {0, 0, 0};
  crop.end = 0;  // the last voxel is lost; one voxel is the least
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{9, 3, 1}));
  crop.end = 2;
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{11, 5, 2}));
  crop.end = 1;
  crop.axes = {1};
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{40, 4, 40}));
  crop.axes = {0, 1, 2};
  crop.minimum = {15, 8, 4};  // (15-10)/2 = 2, (8-4)/2 = 2, (4-1)/2 = 1 on either side
  EXPECT_EQ(cropped(crop).geometry().size, (Size3{14, 8, 3}));
  EXPECT_EQ(first(cropped(crop)), (Vector3{8, 10, 13}));
  EXPECT_EQ(cropped(crop).channels[0](0, 0, 0), 8);
  EXPECT_EQ(count(*cropped(crop).label), 40);
}

TEST(CropStep, SaysWhichSidesWereCut) {
  CaseArrays one = indexed({10, 10, 10}, box(grid({10, 10, 10}), {0, 3, 2}, {6, 9, 5}));
  Crop{.around = "label"}.apply(one);
  EXPECT_THAT(one.cut_low, ElementsAre(false, true, true));
  EXPECT_THAT(one.cut_high, ElementsAre(true, false, true));
}

TEST(CropStep, RecordsTheGridItKept) {
  CaseArrays one = indexed({10, 10, 10}, box(grid({10, 10, 10}), {0, 3, 2}, {6, 9, 5}));
  EXPECT_FALSE(one.cropped);
  Crop{.around = "label"}.apply(one);
  Pad{.minimum = {16, 16, 16}}.apply(one);  // the arrays grow, what was kept does not
  Resample{.spacing = {2, 2, 2}}.apply(one);
  ASSERT_TRUE(one.cropped);
  Geometry kept = grid({7, 7, 4});
  kept.origin = {0, 3, 2};
  EXPECT_EQ(grid_difference(*one.cropped, kept), "");
  EXPECT_EQ(one.geometry().size, (Size3{8, 8, 8}));
  CaseArrays nothing = indexed({4, 4, 4});
  Crop{.around = "label", .without_label = "none"}.apply(nothing);
  EXPECT_FALSE(nothing.cropped);
}

TEST(CropStep, RandomMarginsAreThoseOfTheBox) {
  Crop crop{.around = "label", .axes = {0, 1}, .random_margin = {10, 20}};
  std::set<int64_t> seen;
  for (int64_t at = 40; at < 60; ++at) {
    const LabelMap label = box(grid({100, 100, 3}), {at, 45, 1}, {at + 4, 50, 1});
    CaseArrays one = indexed({100, 100, 3}, label), again = one;
    crop.apply(one);
    crop.apply(again);
    EXPECT_EQ(one.geometry().origin, again.geometry().origin);
    EXPECT_EQ(one.geometry().size, again.geometry().size);
    const int64_t low = at - static_cast<int64_t>(one.geometry().origin[0]);
    const int64_t high = one.geometry().size[0] - low - 5;
    for (const int64_t margin : {low, high}) {
      EXPECT_GE(margin, 10);
      EXPECT_LT(margin, 20);
      seen.insert(margin);
    }
    EXPECT_EQ(one.geometry().size[2], 3);
  }
  EXPECT_GT(seen.size(), 5u);
}

TEST(CropStep, BodyIsTheLargestComponentAboveTheThreshold) {
  CaseArrays one{.channels = {Image(grid({30, 30, 30}), -1000.0f)}};
  for (int64_t x = 8; x < 20; ++x)
    for (int64_t y = 5; y < 25; ++y)
      for (int64_t z = 6; z < 30; ++z) one.channels[0](x, y, z) = x == 8 ? -500.0f : 40.0f;
  for (int64_t y = 0; y < 30; ++y) one.channels[0](28, y, 3) = 300;  // the table
  Crop{.margin = {1, 1, 1}}.apply(one);
  EXPECT_EQ(one.geometry().size, (Size3{13, 22, 25}));  // -500 itself is not above the threshold
  EXPECT_EQ(one.geometry().origin, (Vector3{8, 4, 5}));
  EXPECT_THAT(one.cut_high, ElementsAre(true, true, false));
  CaseArrays air{.channels = {Image(grid({5, 5, 5}), -1000.0f)}};
  Crop{}.apply(air);
  EXPECT_EQ(air.geometry().size, (Size3{5, 5, 5}));
}

TEST(CropStep, NonzeroIsTheUnionOfTheChannels) {
  CaseArrays one{.channels = {Image(grid({9, 9, 9})), Image(grid({9, 9, 9}))}};
  one.channels[0](2, 3, 4) = 1;
  one.channels[1](5, 3, 1) = -1;
  Crop{.around = "nonzero"}.apply(one);
  EXPECT_EQ(one.geometry().size, (Size3{4, 1, 4}));
  EXPECT_EQ(one.channels[1](3, 0, 0), -1);
}

TEST(CropStep, WithoutALabelItFallsBack) {
  Crop crop{.around = "label", .margin = {2, 2, 2}, .without_label = "nonzero"};
  CaseArrays one{.channels = {Image(grid({9, 9, 9}))}};
  one.channels[0](4, 4, 4) = 1;
  CaseArrays empty = one;
  empty.label = LabelMap(grid({9, 9, 9}));
  for (CaseArrays* arrays : {&one, &empty}) {
    crop.apply(*arrays);
    EXPECT_EQ(arrays->geometry().size, (Size3{1, 1, 1}));
    EXPECT_TRUE(arrays->crop_fell_back);
  }
  crop.without_label = "none";
  CaseArrays whole = indexed({9, 9, 9});
  crop.apply(whole);
  EXPECT_EQ(whole.geometry().size, (Size3{9, 9, 9}));
}

TEST(PadStep, FillsUpToALeastSize) {
  CaseArrays one = indexed({4, 7, 9}, box(grid({4, 7, 9}), {0, 0, 0}, {3, 6, 8}));
  CaseArrays high = one;
  Pad{.minimum = {7, 7, 5}, .value = -3}.apply(one);
  EXPECT_EQ(one.geometry().size, (Size3{7, 7, 9}));
  EXPECT_EQ(one.geometry().origin, (Vector3{-1, 0, 0}));
  EXPECT_EQ(one.channels[0](0, 0, 0), -3);
  EXPECT_EQ(one.channels[0](1, 0, 0), 0);
  EXPECT_EQ(one.channels[0](6, 0, 0), -3);
  EXPECT_EQ((*one.label)(0, 0, 0), 0);
  EXPECT_EQ(count(*one.label), 4 * 7 * 9);
  Pad{.minimum = {7, 7, 5}, .side = "high"}.apply(high);
  EXPECT_EQ(high.geometry().origin, (Vector3{0, 0, 0}));
  EXPECT_EQ(high.channels[0](3, 0, 0), 3);
  EXPECT_EQ(high.channels[0](4, 0, 0), 0);
}

TEST(ResampleStep, SizesAndWhatStaysInPlace) {
  const auto resampled = [](const Resample& step) {
    CaseArrays one{.channels = {Image(grid({11, 10, 3}, {0.7, 0.75, 2.5}))}};
    step.apply(one);
    return one.geometry();
  };
  // 7.7, 7.5 and 7.5 mm.
  EXPECT_EQ(resampled({.spacing = {1, 1, 1}}).size, (Size3{8, 8, 8}));
  const Geometry published = resampled({.spacing = {1, 1, 1}, .size = "floor", .align = "origin"});
  EXPECT_EQ(published.size, (Size3{7, 7, 7}));
  EXPECT_EQ(published.origin, (Vector3{0, 0, 0}));
  const Geometry centred = resampled({.spacing = {1, 1, 1}, .size = "floor"});
  EXPECT_NEAR(centred.origin[0], (0.7 * 10) / 2 - 3, 1e-12);  // the middle of both grids in one place
  EXPECT_NEAR(centred.origin[2], 2.5 - 3, 1e-12);
}

TEST(WindowStep, ScalesWhereAsked) {
  CaseArrays one{.channels = {ramp(grid({4, 4, 4}), 601, 300)}};
  const Image before = one.channels[0];
  Window{.range = {-125, 275}, .scale = true}.apply(one);
  for (size_t i = 0; i < before.voxels.size(); ++i)
    EXPECT_FLOAT_EQ(one.channels[0].voxels[i], (std::clamp(before.voxels[i], -125.0f, 275.0f) + 125) / 400);
}

TEST(ClipPercentileStep, TakesTheSmallestValueThatReachesTheFraction) {
  Image image(grid({10, 10, 10}));
  for (size_t i = 0; i < 1000; ++i) image.voxels[i] = static_cast<float>(i);
  EXPECT_EQ(percentile_value(image, 0.999), 998);  // 0 .. 998 are 999 of 1000
  EXPECT_EQ(percentile_value(image, 0.9985), 998);
  EXPECT_EQ(percentile_value(image, 0.9991), 999);
  EXPECT_EQ(percentile_value(image, 1), 999);
  EXPECT_EQ(percentile_value(image, 1e-9), 0);
  // Fractions: 256 bins from 0.5 to 999.5, 999 / 256 wide; 999 values are reached in the last one.
  for (float& v : image.voxels) v += 0.5f;
  EXPECT_NEAR(percentile_value(image, 0.999), 0.5 + 255.5 * 999 / 256, 1e-3);
  EXPECT_NEAR(percentile_value(image, 0.5), 0.5 + 128.5 * 999 / 256, 4);
  CaseArrays one{.channels = {image}};
  ClipPercentile{.upper = 0.9, .lower = 0.1}.apply(one);
  const auto [low, high] = std::minmax_element(one.channels[0].voxels.begin(), one.channels[0].voxels.end());
  EXPECT_NEAR(*low, 100, 4);
  EXPECT_NEAR(*high, 900, 4);
}

TEST(NormaliseStep, PositiveLeavesNegativesOut) {
  CaseArrays one{.channels = {Image(grid({1, 1, 6}))}};
  one.channels[0].voxels = {-5, 0, 0, 1, 2, 3};
  CaseArrays minmax = one;
  Normalise{.method = "zscore_positive"}.apply(one);
  const double sd = std::sqrt(2.0 / 3);
  EXPECT_NEAR(one.channels[0].voxels[0], -7 / sd, 1e-5);
  EXPECT_NEAR(one.channels[0].voxels[1], -2 / sd, 1e-5);
  EXPECT_NEAR(one.channels[0].voxels[5], 1 / sd, 1e-5);
  Normalise{.method = "minmax"}.apply(minmax);
  EXPECT_THAT(minmax.channels[0].voxels, ElementsAre(0, 0.625f, 0.625f, 0.75f, 0.875f, 1));
}

// Numbers of an independent computation: SimpleITK 2.5 (ResampleImageFilter, sitkBSpline, output size floor(size * spacing), origin and
// direction of the input, nearest extrapolation), then numpy as methods describe MC-Net's notebook; the same ramp and box.
TEST(PublishedRecipe, PancreasAgreesWithSimpleItk) {
  const Geometry geometry = grid({220, 200, 12}, {0.83, 0.77, 2.3});
  CaseArrays raw{.channels = {ramp(geometry, 701, 300)}, .label = box(geometry, {100, 90, 3}, {130, 117, 7})};
  double mean = 0, deviation = 0;
  const CaseArrays out =
      apply_recipe(recipe_from_name("pancreas_ct_published"), raw, [&](const Step& step, const CaseArrays& one) {
        if (!std::holds_alternative<Crop>(step)) return;
        const auto& voxels = one.channels[0].voxels;
        for (const float v : voxels) mean += v / static_cast<double>(voxels.size());
        for (const float v : voxels) deviation += (v - mean) * (v - mean) / static_cast<double>(voxels.size());
        deviation = std::sqrt(deviation);
      });
  EXPECT_EQ(out.geometry().size, (Size3{145, 145, 27}));
  EXPECT_EQ(out.geometry().origin, (Vector3{23, 7, 0}));
  EXPECT_EQ(count(*out.label), 6864);
  EXPECT_NEAR(mean, 0.4546415462999367, 1e-5);
  EXPECT_NEAR(deviation, 0.348269031481294, 1e-5);
  EXPECT_NEAR(out.channels[0](0, 0, 0), 0.08774592020565732, 1e-4);
  EXPECT_NEAR(out.channels[0](10, 20, 5), -1.3054320229571033, 1e-4);
  EXPECT_NEAR(out.channels[0](70, 66, 17), 0.798005772883188, 1e-4);
  EXPECT_NEAR(out.channels[0](144, 144, 25), 0.7848368184763602, 1e-4);
  // Without the label nothing of it enters.
  const Recipe plain = recipe_from_name("pancreas_ct");
  CaseArrays other = raw;
  other.label = box(geometry, {10, 10, 1}, {20, 20, 5});
  EXPECT_EQ(apply_recipe(plain, raw).channels[0].voxels, apply_recipe(plain, other).channels[0].voxels);
}

// A head of whole numbers in a frame of zeros, with some outliers.
Image head() {
  Image image(grid({26, 25, 19}));
  const Image inside = ramp(grid({20, 18, 15}), 97, 0);
  for (int64_t x = 0; x < 20; ++x)
    for (int64_t y = 0; y < 18; ++y)
      for (int64_t z = 0; z < 15; ++z) image(x + 3, y + 4, z + 2) = inside(x, y, z);
  image(10, 10, 10) = 5000;
  image(11, 11, 10) = 3000;
  image(12, 9, 9) = 2500;
  image(5, 9, 9) = 2000;
  image(6, 9, 9) = 1500;
  image(7, 9, 9) = 1200;
  return image;
}

// scikit-image 0.26 (exposure.cumulative_distribution) and numpy on the same head: of int16, and of float32 after 0.37 v + 0.11.
TEST(PublishedRecipe, BratsAgreesWithScikitImage) {
  const Recipe recipe = recipe_from_name("brats2019_published");
  const Image whole = apply_recipe(recipe, head());
  EXPECT_EQ(whole.size(), (Size3{19, 17, 14}));
  EXPECT_EQ(whole.geometry.origin, (Vector3{3, 4, 2}));
  EXPECT_NEAR(whole(0, 0, 0), -0.8638596248585759, 1e-5);
  EXPECT_NEAR(whole(5, 6, 7), -0.5558564396727496, 1e-5);
  EXPECT_NEAR(whole(9, 7, 7), 0.17992894716005786, 1e-5);
  EXPECT_NEAR(*std::max_element(whole.voxels.begin(), whole.voxels.end()), (1500 - 50.48478066248881) / 58.44095407370586, 1e-4);
  Image fractions = head();
  for (float& v : fractions.voxels) v = v > 0 ? v * 0.37f + 0.11f : 0.0f;
  const Image out = apply_recipe(recipe, fractions);
  EXPECT_NEAR(out(0, 0, 0), -0.8713401047354268, 1e-5);
  EXPECT_NEAR(out(5, 6, 7), -0.5573454578529803, 1e-5);
  EXPECT_NEAR(out(9, 7, 7), 0.18056516958967658, 1e-5);
  EXPECT_NEAR(*std::max_element(out.voxels.begin(), out.voxels.end()),
              (552.8648681640625 - 18.786856881186914) / 21.560877066356706, 1e-4);
  EXPECT_EQ(apply_recipe(recipe_from_name("brats2019"), head()).size(), (Size3{20, 18, 15}));
}

// scipy 1.17 (ndimage.map_coordinates, order 1, nearest at the edges) on grids with a common centre.
TEST(PublishedRecipe, LungAgreesWithScipy) {
  const Geometry geometry = grid({14, 11, 9}, {1.7, 2.2, 3.1});
  const Image out = apply_recipe(recipe_from_name("msd_lung"), ramp(geometry, 983, 600));
  EXPECT_EQ(out.size(), (Size3{24, 24, 28}));
  EXPECT_NEAR(out(0, 0, 0), 0, 1e-5);
  EXPECT_NEAR(out(11, 12, 13), 0.2961478079231125, 1e-5);
  EXPECT_NEAR(out(20, 20, 20), 0.778370361891831, 1e-5);
  EXPECT_NEAR(out(23, 3, 27), 0.3796647497858804, 1e-5);
}

TEST(PublishedRecipe, LungCropsAndPadsAtTheHighEnd) {
  const Geometry geometry = grid({140, 120, 90});
  CaseArrays raw{.channels = {ramp(geometry, 983, 600)}, .label = box(geometry, {60, 2, 40}, {69, 11, 49})};
  const CaseArrays out = apply_recipe(recipe_from_name("msd_lung_published"), raw);
  // x: stop 71, grow (96 - 11) / 2 = 42, [max(60 - 67, 0), min(71 + 67, 140)) = [0, 138)
  // y: stop 13, grow 42, [0, 80), padded to 96; z: stop 51, [0, 90), padded to 96
  EXPECT_EQ(out.geometry().size, (Size3{138, 96, 96}));
  EXPECT_EQ(out.geometry().origin, (Vector3{0, 0, 0}));
  EXPECT_EQ(out.channels[0](5, 79, 89) != 0 || raw.channels[0](5, 79, 89) <= -500, true);
  EXPECT_EQ(out.channels[0](5, 80, 3), 0);
  EXPECT_EQ(out.channels[0](5, 3, 90), 0);
  EXPECT_EQ(count(*out.label), 1000);
  EXPECT_EQ((*out.label)(60, 2, 40), 1);
}

TEST(PublishedRecipe, LeftAtriumNormalisesBeforeItCrops) {
  const Geometry geometry = grid({300, 280, 8}, {0.625, 0.625, 0.625});
  CaseArrays raw{.channels = {ramp(geometry, 983, 0)}, .label = box(geometry, {100, 120, 3}, {159, 239, 5})};
  const CaseArrays out = apply_recipe(recipe_from_name("left_atrium_raw_published"), raw);
  const Image whole = apply_recipe(recipe_from_name("left_atrium_raw"), raw.channels[0]);
  // x: 59 wide, grow (112 - 59) / 2 = 26, so 36 to 45 voxels a side; y: 119 wide, 10 to 19; z whole.
  const Vector3 at{out.geometry().origin[0] / 0.625, out.geometry().origin[1] / 0.625, 0};
  EXPECT_GE(at[0], 100 - 45);
  EXPECT_LE(at[0], 100 - 36);
  EXPECT_GE(at[1], 120 - 19);
  EXPECT_LE(at[1], 120 - 10);
  EXPECT_GE(at[0] + static_cast<double>(out.geometry().size[0]), 159 + 36);
  EXPECT_LE(at[1] + static_cast<double>(out.geometry().size[1]), 239 + 19);
  EXPECT_EQ(out.geometry().size[2], 8);
  EXPECT_EQ(out.channels[0](3, 4, 5), whole(3 + static_cast<int64_t>(at[0]), 4 + static_cast<int64_t>(at[1]), 5));
}

}  // namespace tss::steps_test
