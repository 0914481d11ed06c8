#include "textsemiseg/workflows/preview.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "textsemiseg/volume/reorient.h"

namespace tss::preview_test {

// A box of label 1 in a dim scan that is brighter to one side.
struct Case {
  Image scan;
  LabelMap labels;
};
Case made_up(bool with_label) {
  Geometry grid;
  grid.size = {30, 24, 18};
  grid.spacing = {1, 1, 2};
  Case out{Image(grid), LabelMap(grid)};
  for (int64_t x = 0; x < 30; ++x)
    for (int64_t y = 0; y < 24; ++y)
      for (int64_t z = 0; z < 18; ++z) {
        out.scan(x, y, z) = static_cast<float>(x);
        out.labels(x, y, z) = with_label && x > 18 && x < 25 && y > 5 && y < 12 && z > 3 && z < 9;
      }
  return out;
}

int64_t pixels_of(const RgbImage& picture, Rgb colour) {
  return std::count(picture.pixels.begin(), picture.pixels.end(), colour);
}

const std::vector<std::string> kNames = {"background", "organ", "lesion"};

TEST(Preview, ShowsOutlinesAndALegend) {
  const Case found = made_up(true), empty = made_up(false);
  const RgbImage with = prediction_preview("p1", found.scan, found.labels, kNames);
  const RgbImage without = prediction_preview("p1", empty.scan, empty.labels, kNames);
  EXPECT_EQ(pixels_of(without, class_colour(1)), 14 * 14);  // the square of the legend
  EXPECT_GT(pixels_of(with, class_colour(1)), 14 * 14 + 600);
  EXPECT_EQ(pixels_of(with, class_colour(2)), 14 * 14);
  EXPECT_GT(with.width, 3 * 300);
}

TEST(Preview, IsTheSameHoweverTheScanIsStored) {
  const Case one = made_up(true);
  AxisMap map;
  map.source = {2, 0, 1};
  map.flipped = {true, false, true};
  const RgbImage straight = prediction_preview("p1", one.scan, one.labels, kNames);
  const RgbImage turned = prediction_preview("p1", map.apply(one.scan), map.apply(one.labels), kNames);
  EXPECT_EQ(straight.pixels, turned.pixels);
}

TEST(Preview, LongLegendsBreakAndAGreyWindowIsUsed) {
  const Case one = made_up(true);
  std::vector<std::string> many = {"background"};
  for (int k = 1; k <= 25; ++k) many.push_back("a structure of the abdomen, number " + std::to_string(k));
  const RgbImage few = prediction_preview("p1", one.scan, one.labels, kNames),
                 tall = prediction_preview("p1", one.scan, one.labels, many);
  EXPECT_GT(tall.height, few.height + 100);
  EXPECT_LT(tall.width, 2 * few.width);
  const RgbImage black = prediction_preview("p1", one.scan, one.labels, kNames, {100, 200});  // all below the window
  EXPECT_GT(pixels_of(black, {0, 0, 0}), 100000);
}

TEST(Preview, VolumesAreInMillilitres) {
  const Case one = made_up(true);
  const std::vector<ClassVolume> volumes = class_volumes(one.labels, 3);
  EXPECT_EQ(volumes[1].voxels, 6 * 6 * 5);
  EXPECT_DOUBLE_EQ(volumes[1].ml, 6 * 6 * 5 * 2 / 1000.0);
  EXPECT_DOUBLE_EQ(volumes[2].ml, 0);
}

}  // namespace tss::preview_test
