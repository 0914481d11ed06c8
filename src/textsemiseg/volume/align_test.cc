#include "textsemiseg/volume/align.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/volume/reorient.h"

namespace tss::align_test {
using ::testing::HasSubstr;

class AlignLabels : public ::testing::Test {
 protected:
  AlignLabels() : labels_(grid()) {
    for (size_t i = 0; i < labels_.voxels.size(); ++i) labels_.voxels[i] = static_cast<uint8_t>(i);
  }
  static Geometry grid() {
    Geometry g;  // as a CT series: x to the left, y to the back
    g.size = {4, 3, 2};
    g.spacing = {0.8, 0.7, 2};
    g.origin = {120, 90, -300};
    g.direction = {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}};
    return g;
  }
  LabelMap labels_;
};

TEST_F(AlignLabels, WhatFitsStays) {
  LabelMap same = labels_;
  EXPECT_EQ(align_labels(same, grid()), "");
  EXPECT_EQ(same.voxels, labels_.voxels);
}

TEST_F(AlignLabels, OtherAxesArePermutedBack) {
  LabelMap turned = AxisMap{{2, 0, 1}, {false, true, false}}.apply(labels_);
  ASSERT_FALSE(same_grid(turned.geometry, grid()));
  EXPECT_EQ(align_labels(turned, grid()), "");
  EXPECT_EQ(turned.voxels, labels_.voxels);
  EXPECT_TRUE(same_grid(turned.geometry, grid(), 0));
}

TEST_F(AlignLabels, LabelsWithoutAPlaceTakeTheImages) {
  LabelMap stored = AxisMap{{0, 1, 2}, {false, true, false}}.apply(labels_);
  stored.geometry.origin = {0, 0, 0};
  bool placed = false;
  EXPECT_EQ(align_labels(stored, grid(), &placed), "");
  EXPECT_TRUE(placed);
  EXPECT_EQ(stored.voxels, labels_.voxels);
}

TEST_F(AlignLabels, ARealDifferenceStays) {
  LabelMap moved = labels_;
  moved.geometry.origin[2] += 2;
  bool placed = true;
  EXPECT_THAT(align_labels(moved, grid(), &placed), HasSubstr("origin"));
  EXPECT_FALSE(placed);
  EXPECT_EQ(moved.voxels, labels_.voxels);
  LabelMap coarser = labels_;
  coarser.geometry.origin = {0, 0, 0};
  coarser.geometry.spacing[2] = 3;
  EXPECT_THAT(align_labels(coarser, grid()), HasSubstr("spacing"));
}

}  // namespace tss::align_test
