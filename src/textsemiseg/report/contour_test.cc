#include "textsemiseg/report/contour.h"

#include <gtest/gtest.h>

#include <cmath>

namespace tss::contour_test {

double area(const Line2& line) {
  double sum = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const Point2 &a = line[i], &b = line[(i + 1) % line.size()];
    sum += a.first * b.second - b.first * a.second;
  }
  return std::abs(sum) / 2;
}

TEST(Contour, OneVoxelIsADiamond) {
  const auto lines = contours({0, 0, 0, 0, 2, 0, 0, 0, 0}, 3, 3, 2);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].size(), 4u);
  EXPECT_DOUBLE_EQ(area(lines[0]), 0.5);
  for (const Point2& point : lines[0]) EXPECT_DOUBLE_EQ(std::abs(point.first - 1) + std::abs(point.second - 1), 0.5);
}

TEST(Contour, ABoxAtTheBorderIsClosed) {
  // 4 x 3 voxels of class 1 fill the slice: the line runs half a voxel around them, corners cut.
  const auto lines = contours(std::vector<uint8_t>(12, 1), 4, 3, 1);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_DOUBLE_EQ(area(lines[0]), 12 - 4 * 0.125);
  EXPECT_TRUE(contours(std::vector<uint8_t>(12, 1), 4, 3, 2).empty());
}

TEST(Contour, HolesAndDiagonalNeighboursHaveLinesOfTheirOwn) {
  std::vector<uint8_t> ring(25, 1);
  ring[12] = 0;
  EXPECT_EQ(contours(ring, 5, 5, 1).size(), 2u);
  EXPECT_EQ(contours({1, 0, 0, 1}, 2, 2, 1).size(), 2u);
}

}  // namespace tss::contour_test
