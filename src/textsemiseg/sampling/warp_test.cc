#include "textsemiseg/sampling/warp.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>
#include <vector>

namespace tss::warp_test {

// Values that say where they come from, and labels 0, 3 and 7 in blocks.
struct Case {
  explicit Case(const Size3& size, const Vector3& spacing = {1, 1, 1}) {
    geometry.size = size;
    geometry.spacing = spacing;
    for (int64_t x = 0; x < size[0]; ++x) {
      for (int64_t y = 0; y < size[1]; ++y) {
        for (int64_t z = 0; z < size[2]; ++z) {
          image.push_back(static_cast<float>(1 + x * 3 + y * 50 + z * 700 + x * y));
          label.push_back((x / 3 + y / 3) % 2 == 0 ? 0 : z < size[2] / 2 ? 3 : 7);
        }
      }
    }
  }
  Geometry geometry;
  std::vector<float> image;
  std::vector<uint8_t> label;
};

struct Patch {
  std::vector<float> image;
  std::vector<uint8_t> label;
};

Patch copied(const Case& from, const PlaneTransform& transform, const Size3& start, const Size3& patch) {
  const size_t voxels = static_cast<size_t>(patch[0] * patch[1] * patch[2]);
  Patch out{std::vector<float>(voxels), std::vector<uint8_t>(voxels)};
  const PatchCrop crop = crop_of(transform.apply(from.geometry.size), patch, {});
  copy_patch(from.image.data(), from.geometry.size, transform, crop, start, patch, out.image.data());
  copy_patch(from.label.data(), from.geometry.size, transform, crop, start, patch, out.label.data());
  return out;
}

Patch warped(const Case& from, const PlaneTransform& transform, const Size3& start, const Size3& patch, const SpatialDraw& draw) {
  const size_t voxels = static_cast<size_t>(patch[0] * patch[1] * patch[2]);
  Patch out{std::vector<float>(voxels), std::vector<uint8_t>(voxels)};
  const PatchCrop crop = crop_of(transform.apply(from.geometry.size), patch, {});
  const IndexMap map = warp_map(from.geometry, transform, crop, start, patch, draw);
  warp_patch(from.image.data(), from.geometry.size, map, patch, out.image.data());
  warp_patch(from.label.data(), from.geometry.size, map, patch, out.label.data());
  return out;
}

std::vector<PlaneTransform> all_transforms() {
  std::vector<PlaneTransform> all;
  for (int turns = 0; turns < 4; ++turns)
    for (const bool a : {false, true})
      for (const bool b : {false, true}) all.push_back({turns, {a, b}});
  return all;
}

TEST(Warp, TheIdentityIsTheCopyBitForBit) {
  const Case from({9, 12, 7}, {0.7, 1.3, 3});
  for (const PlaneTransform& transform : all_transforms()) {
    // The second patch is larger than the case: padding on both sides.
    for (const auto& [start, patch] : {std::pair{Size3{1, 2, 2}, Size3{6, 5, 4}}, {Size3{0, 0, 0}, Size3{14, 15, 12}}}) {
      const Patch expected = copied(from, transform, start, patch), found = warped(from, transform, start, patch, {});
      EXPECT_EQ(found.image, expected.image);
      EXPECT_EQ(found.label, expected.label);
    }
  }
}

TEST(Warp, NinetyDegreesAreAQuarterTurn) {
  const Case from({10, 10, 10});
  const Size3 patch{10, 10, 10};
  SpatialDraw draw;
  for (const int turns : {1, 2, 3}) {
    draw.angles = {0, 0, 90.0 * turns};  // axis 0 towards axis 1, as PlaneTransform turns
    const Patch expected = copied(from, {turns, {false, false}}, {0, 0, 0}, patch);
    const Patch found = warped(from, {}, {0, 0, 0}, patch, draw);
    EXPECT_EQ(found.label, expected.label);
    for (size_t i = 0; i < found.image.size(); ++i) ASSERT_NEAR(found.image[i], expected.image[i], 1e-2) << i;
  }
}

TEST(Warp, AllThreeAxesTurnAndFourQuartersAreNone) {
  const Case from({8, 8, 8});
  const Patch still = copied(from, {}, {0, 0, 0}, {8, 8, 8});
  for (size_t axis = 0; axis < 3; ++axis) {
    SpatialDraw draw;
    draw.angles[axis] = 90;
    EXPECT_NE(warped(from, {}, {0, 0, 0}, {8, 8, 8}, draw).label, still.label) << axis;
    Case turned = from;
    for (int quarter = 0; quarter < 4; ++quarter) {
      const Patch next = warped(turned, {}, {0, 0, 0}, {8, 8, 8}, draw);
      turned.image = next.image;
      turned.label = next.label;
    }
    EXPECT_EQ(turned.label, still.label) << axis;
    for (size_t i = 0; i < still.image.size(); ++i) ASSERT_NEAR(turned.image[i], still.image[i], 0.05) << axis << " " << i;
  }
}

// A linear ramp is what linear interpolation gets exactly right: its gradient turns and shrinks with the draw.
TEST(Warp, ARampInMillimetresTurnsAndGrowsAsItShould) {
  Case from({40, 40, 20}, {1, 1, 2.5});
  for (int64_t x = 0, i = 0; x < 40; ++x)
    for (int64_t y = 0; y < 40; ++y)
      for (int64_t z = 0; z < 20; ++z, ++i) from.image[static_cast<size_t>(i)] = static_cast<float>(z) * 2.5f;  // mm along axis 2
  SpatialDraw draw;
  draw.angles = {30, 0, 0};
  draw.scale = 1.25;
  const Size3 patch{8, 8, 4};
  const Patch found = warped(from, {}, {16, 16, 8}, patch, draw);
  const auto at = [&](int64_t x, int64_t y, int64_t z) { return found.image[static_cast<size_t>((x * 8 + y) * 4 + z)]; };
  EXPECT_NEAR(at(4, 4, 2) - at(3, 4, 2), 0, 1e-4);
  EXPECT_NEAR(std::abs(at(4, 4, 2) - at(4, 3, 2)), std::sin(std::numbers::pi / 6) / 1.25, 1e-4);  // 1 mm along axis 1
  EXPECT_NEAR(at(4, 4, 2) - at(4, 4, 1), 2.5 * std::cos(std::numbers::pi / 6) / 1.25, 1e-4);      // 2.5 mm along axis 2
  double mean = 0;
  for (const float value : found.image) mean += value / static_cast<double>(found.image.size());
  EXPECT_NEAR(mean, (8 + 1.5) * 2.5, 1e-3);  // the centre of the patch stays
}

TEST(Warp, ScalesBackToItself) {
  Case from({60, 60, 60});
  for (int64_t x = 0, i = 0; x < 60; ++x)
    for (int64_t y = 0; y < 60; ++y)
      for (int64_t z = 0; z < 60; ++z, ++i)
        from.image[static_cast<size_t>(i)] =
            static_cast<float>(std::sin(0.2 * static_cast<double>(x)) + std::cos(0.15 * static_cast<double>(y + z)));
  SpatialDraw larger, smaller;
  larger.scale = 1.25;
  smaller.scale = 1 / larger.scale;
  Case scaled = from;
  scaled.image = warped(from, {}, {0, 0, 0}, {60, 60, 60}, larger).image;
  const Patch back = warped(scaled, {}, {0, 0, 0}, {60, 60, 60}, smaller);
  double most = 0;
  for (int64_t x = 12; x < 48; ++x)
    for (int64_t y = 12; y < 48; ++y)
      for (int64_t z = 12; z < 48; ++z) {
        const auto i = static_cast<size_t>((x * 60 + y) * 60 + z);
        most = std::max(most, std::abs(double{back.image[i]} - from.image[i]));
      }
  EXPECT_LT(most, 0.03);
  EXPECT_EQ(back.image[0], 0);  // the corner lies outside what the first step kept
}

TEST(Warp, LabelsStayInTheValueSetAndFollowTheImage) {
  const Case from({20, 20, 20});
  Case own = from;  // an image that is its own label
  for (size_t i = 0; i < own.image.size(); ++i) own.image[i] = own.label[i];
  SpatialDraw draw;
  draw.angles = {11, -7, 14};
  draw.scale = 0.9;
  const Patch found = warped(own, {1, {true, false}}, {2, 3, 2}, {16, 14, 15}, draw);
  EXPECT_EQ(std::set<uint8_t>(found.label.begin(), found.label.end()), (std::set<uint8_t>{0, 3, 7}));
  // Between voxels the nearest one has at least an eighth of the weight, so that where all agree both are equal.
  int equal = 0;
  for (size_t i = 0; i < found.label.size(); ++i) equal += std::abs(found.image[i] - static_cast<float>(found.label[i])) < 3.5f;
  EXPECT_GT(equal, static_cast<int>(0.9 * static_cast<double>(found.label.size())));
}

}  // namespace tss::warp_test
