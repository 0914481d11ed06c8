#include "textsemiseg/volume/geometry.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/sample_volumes.h"

namespace tss::geometry_test {

TEST(Geometry, WorldIsOriginPlusSteps) {
  Geometry g;
  g.size = {4, 5, 6};
  g.spacing = {2, 3, 4};
  g.origin = {10, 20, 30};
  g.direction = {{{0, -1, 0}, {1, 0, 0}, {0, 0, 1}}};  // first array axis runs to the front, second to the left
  EXPECT_EQ(g.world({1, 0, 0}), (Vector3{10, 22, 30}));
  EXPECT_EQ(g.world({0, 1, 0}), (Vector3{7, 20, 30}));
  EXPECT_EQ(g.world({1, 2, 0.5}), (Vector3{4, 22, 32}));
  EXPECT_EQ(g.voxels(), 120);
}

TEST(Geometry, IndexInvertsWorldEvenWhenSheared) {
  Geometry g = sample::oblique();
  g.direction[0][1] += 0.2;
  const Vector3 index{1.5, -2, 7.25};
  const Vector3 back = g.index(g.world(index));
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(back[i], index[i], 1e-12);
}

TEST(Geometry, DescribeIsShort) {
  Geometry g;
  g.size = {40, 51, 35};
  g.spacing = {1, 1, 2.5};
  EXPECT_EQ(g.describe(), "40 x 51 x 35 voxels of 1 x 1 x 2.5 mm");
}

TEST(Geometry, DifferenceNamesTheFirstFieldWithBothValues) {
  const Geometry a = sample::oblique();
  EXPECT_TRUE(same_grid(a, a));
  EXPECT_EQ(grid_difference(a, a), "");

  Geometry b = a;
  b.size[2] = 9;
  EXPECT_EQ(grid_difference(a, b), "size 6 x 7 x 5 voxels against 6 x 7 x 9 voxels");
  b = a;
  b.spacing[0] = 3;
  EXPECT_EQ(grid_difference(a, b), "spacing 0.8 x 1.3 x 2.5 mm against 3 x 1.3 x 2.5 mm");
  b = a;
  b.origin[1] = 0;
  EXPECT_EQ(grid_difference(a, b), "origin (10, -20, 5) mm against (10, 0, 5) mm");
  b = a;
  b.direction = Geometry{}.direction;
  EXPECT_NE(grid_difference(a, b).find("against [(1, 0, 0), (0, 1, 0), (0, 0, 1)]"), std::string::npos);
}

TEST(Geometry, ToleranceAndNan) {
  const Geometry a = sample::oblique();
  Geometry b = a;
  b.origin[0] += 5e-4;
  EXPECT_TRUE(same_grid(a, b));
  EXPECT_FALSE(same_grid(a, b, 1e-4));
  b.origin[0] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(same_grid(a, b));
  EXPECT_FALSE(same_grid(b, b));
}

}  // namespace tss::geometry_test
