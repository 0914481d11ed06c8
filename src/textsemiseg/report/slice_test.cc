#include "textsemiseg/report/slice.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "textsemiseg/base/error.h"

namespace tss::slice_test {

Geometry grid(Size3 size, Vector3 spacing = {1, 1, 1}) {
  Geometry geometry;
  geometry.size = size;
  geometry.spacing = spacing;
  return geometry;
}

LabelMap box(const Geometry& geometry, Size3 low, Size3 high, uint8_t value) {
  LabelMap labels(geometry);
  for (int64_t x = low[0]; x < high[0]; ++x) {
    for (int64_t y = low[1]; y < high[1]; ++y) {
      for (int64_t z = low[2]; z < high[2]; ++z) labels(x, y, z) = value;
    }
  }
  return labels;
}

int64_t count(const RgbImage& picture, Rgb colour) { return std::count(picture.pixels.begin(), picture.pixels.end(), colour); }

TEST(Slice, SidesAreInProportionToMillimetres) {
  const Image image(grid({20, 10, 8}, {1, 1, 3}), 0.f);
  SliceOptions options;
  options.pixels = 240;
  const RgbImage axial = draw_slice(image, nullptr, nullptr, options);
  EXPECT_EQ(axial.width, 240);
  EXPECT_EQ(axial.height, 120);
  options.axis = 1;  // 20 mm across, 24 mm up
  const RgbImage coronal = draw_slice(image, nullptr, nullptr, options);
  EXPECT_EQ(coronal.width, 200);
  EXPECT_EQ(coronal.height, 240);
  options.axis = 0;  // 10 mm across, 24 mm up
  EXPECT_EQ(draw_slice(image, nullptr, nullptr, options).width, 100);
}

TEST(Slice, GreyWindowClips) {
  Image image(grid({2, 1, 1}));
  image(0, 0, 0) = -50;
  image(1, 0, 0) = 75;
  SliceOptions options;
  options.pixels = 2;
  options.low = 0;
  options.high = 100;
  const RgbImage picture = draw_slice(image, nullptr, nullptr, options);
  // The patient's right (higher x) is on the left.
  EXPECT_EQ(picture.at(0, 0), (Rgb{191, 191, 191}));
  EXPECT_EQ(picture.at(1, 0), (Rgb{0, 0, 0}));
}

TEST(Slice, FrontIsUp) {
  Image image(grid({1, 2, 1}));
  image(0, 1, 0) = 1;
  SliceOptions options;
  options.pixels = 2;
  options.high = 1;
  const RgbImage picture = draw_slice(image, nullptr, nullptr, options);
  EXPECT_EQ(picture.at(0, 0).red, 255);
  EXPECT_EQ(picture.at(0, 1).red, 0);
}

TEST(Slice, OutlineOfAPredictionIsTheBordersOfItsBox) {
  const Geometry geometry = grid({20, 20, 3});
  const Image image(geometry, 0.f);
  const LabelMap labels = box(geometry, {4, 6, 0}, {10, 14, 3}, 2);
  SliceOptions options;
  options.pixels = 20;  // one pixel a voxel
  options.line = 1;
  options.high = 1;
  const RgbImage picture = draw_slice(image, nullptr, &labels, options);
  EXPECT_EQ(count(picture, class_colour(2)), 2 * 6 + 2 * 8 - 4);
  EXPECT_EQ(picture.at(19 - 4, 19 - 6), class_colour(2));
  EXPECT_EQ(picture.at(19 - 5, 19 - 7), (Rgb{0, 0, 0})) << "inside";
  EXPECT_EQ(picture.at(19 - 3, 19 - 6), (Rgb{0, 0, 0})) << "outside";
}

TEST(Slice, ReferenceIsDashedAndLighter) {
  const Geometry geometry = grid({20, 20, 1});
  const Image image(geometry, 0.f);
  const LabelMap labels = box(geometry, {4, 4, 0}, {16, 16, 1}, 1);
  SliceOptions options;
  options.pixels = 20;
  options.line = 1;
  const RgbImage picture = draw_slice(image, &labels, nullptr, options);
  const int64_t drawn = count(picture, lighter(class_colour(1)));
  EXPECT_GT(drawn, 10);
  EXPECT_LT(drawn, 4 * 12 - 4) << "a dashed line leaves gaps";
  EXPECT_EQ(count(picture, class_colour(1)), 0);
}

TEST(Slice, BusiestSliceHasMostClassesThenMostVoxels) {
  const Geometry geometry = grid({6, 6, 5});
  LabelMap labels = box(geometry, {0, 0, 1}, {6, 6, 2}, 1);  // one class, full
  labels(0, 0, 3) = 1;
  labels(1, 0, 3) = 2;
  EXPECT_EQ(busiest_slice(labels, 2), 3);
  labels(1, 0, 3) = 1;
  EXPECT_EQ(busiest_slice(labels, 2), 1);
  EXPECT_EQ(busiest_slice(LabelMap(geometry), 2), 2);
}

TEST(Slice, RefusesOtherGridsAndSlicesOutside) {
  const Image image(grid({4, 4, 4}));
  const LabelMap other(grid({4, 4, 5}));
  EXPECT_THROW(draw_slice(image, &other, nullptr), InputError);
  SliceOptions options;
  options.index = 4;
  EXPECT_THROW(draw_slice(image, nullptr, nullptr, options), InputError);
}

}  // namespace tss::slice_test
