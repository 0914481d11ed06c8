#include "textsemiseg/volume/lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reorient.h"

namespace tss::lattice_test {
using ::testing::HasSubstr;

Geometry grid() {
  Geometry out;
  out.size = {6, 5, 4};
  out.spacing = {1.5, 1.25, 3};
  out.origin = {-30, -40, -50};
  out.direction = {{{0.8, -0.6, 0}, {0.6, 0.8, 0}, {0, 0, 1}}};
  return out;
}

LabelMap labels() {
  LabelMap out(grid());
  for (int64_t x = 2; x < 4; ++x)
    for (int64_t y = 1; y < 4; ++y) out(x, y, 2) = static_cast<uint8_t>(x + y);
  return out;
}

TEST(Lattice, CroppedLabelsArePaddedInAnyOrderOfAxes) {
  const LabelMap cropped = crop_or_pad(labels(), {{2, 1, 2}, {2, 3, 1}});
  AxisMap turn;
  turn.source = {2, 0, 1};
  turn.flipped = {true, false, true};
  for (LabelMap stored : {cropped, turn.apply(cropped), crop_or_pad(labels(), {{1, -2, 0}, {4, 9, 4}})}) {
    const LaidLabels laid = lay_labels(stored, grid());
    EXPECT_EQ(laid.difference, "");
    EXPECT_TRUE(laid.padded);
    EXPECT_FALSE(laid.placed);
    EXPECT_EQ(stored.voxels, labels().voxels);
    EXPECT_TRUE(same_grid(stored.geometry, grid(), 0));
  }
}

TEST(Lattice, WhatLiesOnTheGridIsNotPadded) {
  LabelMap same = labels();
  const LaidLabels laid = lay_labels(same, grid());
  EXPECT_EQ(laid.difference, "");
  EXPECT_FALSE(laid.padded);
}

TEST(Lattice, OthersAreLeftAlone) {
  const auto refused = [](const LabelMap& given) {
    LabelMap labels = given;
    const LaidLabels laid = lay_labels(labels, grid());
    const std::string difference = laid.difference + (laid.outside > 0 ? " outside " + std::to_string(laid.outside) : "");
    EXPECT_EQ(labels.voxels, given.voxels);
    EXPECT_EQ(labels.size(), given.size());
    return difference;
  };
  const LabelMap cropped = crop_or_pad(labels(), {{2, 1, 2}, {2, 3, 1}});
  LabelMap half = cropped;
  half.geometry.origin = half.geometry.world({0.5, 0, 0});
  EXPECT_THAT(refused(half), HasSubstr("size 2 x 3 x 1 voxels against 6 x 5 x 4"));
  LabelMap coarser = cropped;
  coarser.geometry.spacing[2] = 4;
  coarser.geometry.size = {2, 1, 3};
  EXPECT_THAT(refused(coarser), HasSubstr("size"));
  LabelMap outside = cropped;
  outside.geometry.origin = outside.geometry.world({3, 0, 0});  // one of two columns is behind the last voxel
  EXPECT_THAT(refused(outside), HasSubstr("outside 3"));
  EXPECT_THAT(refused(crop_or_pad(labels(), {{0, 0, 0}, {6, 5, 3}})), HasSubstr("size 6 x 5 x 3"));  // a slice was lost
  LabelMap moved = labels();
  moved.geometry.origin = moved.geometry.world({1, 0, 0});
  EXPECT_THAT(refused(moved), HasSubstr("origin"));
}

TEST(Lattice, TwoPartsHaveOneGridInCommon) {
  const LabelMap a = crop_or_pad(labels(), {{0, 1, 2}, {4, 3, 1}}), b = crop_or_pad(labels(), {{2, 0, 1}, {3, 3, 2}});
  const auto common = common_grid(to_ras(a).geometry, b.geometry);
  ASSERT_TRUE(common);
  EXPECT_TRUE(same_grid(*common, crop_geometry(grid(), {{0, 0, 1}, {5, 4, 2}})));
  LabelMap laid = a;
  EXPECT_TRUE(lay_labels(laid, *common).padded);
  EXPECT_EQ(laid(2, 1, 1), labels()(2, 1, 2));
  Geometry half = a.geometry;
  half.origin = half.world({0.5, 0, 0});
  EXPECT_FALSE(common_grid(half, b.geometry));
}

}  // namespace tss::lattice_test
