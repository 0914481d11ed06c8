#include "textsemiseg/volume/reorient.h"

#include <gtest/gtest.h>

#include <map>

#include "support/sample_volumes.h"

namespace tss::reorient_test {

Vector3 rounded(const Vector3& v) { return {std::round(v[0] * 1e6), std::round(v[1] * 1e6), std::round(v[2] * 1e6)}; }

// world position -> value: what must not change.
std::map<Vector3, float> in_the_world(const Image& image) {
  std::map<Vector3, float> out;
  for (int64_t x = 0; x < image.size()[0]; ++x)
    for (int64_t y = 0; y < image.size()[1]; ++y)
      for (int64_t z = 0; z < image.size()[2]; ++z) {
        const Vector3 index{static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)};
        out[rounded(image.geometry.world(index))] = image(x, y, z);
      }
  return out;
}

TEST(Reorient, KnownCase) {
  // Array axes run to S, L, A: the RAS axes are array axis 1 backwards, 2, 0.
  Geometry g;
  g.size = {2, 3, 4};
  g.direction = {{{0, -1, 0}, {0, 0, 1}, {1, 0, 0}}};
  const AxisMap map = map_to_ras(g);
  EXPECT_EQ(map, (AxisMap{{1, 2, 0}, {true, false, false}}));
  const Image scan = sample::filled<float>(g);
  const Image ras = to_ras(scan);
  EXPECT_EQ(ras.size(), (Size3{3, 4, 2}));
  EXPECT_EQ(ras.geometry.direction, Geometry{}.direction);
  EXPECT_EQ(ras.geometry.origin, (Vector3{-2, 0, 0}));
  EXPECT_EQ(ras(0, 3, 1), scan(1, 2, 3));
}

TEST(Reorient, EveryOrientationKeepsTheWorldAndComesBackBitForBit) {
  const Image straight = sample::filled<float>(sample::oblique());
  for (const AxisMap& map : sample::all_axis_maps()) {
    const Image scan = map.apply(straight);
    ASSERT_EQ(in_the_world(scan), in_the_world(straight));
    const Image ras = to_ras(scan);
    ASSERT_TRUE(same_grid(ras.geometry, straight.geometry, 1e-9));
    ASSERT_EQ(ras.voxels, straight.voxels);
    const Image back = onto_axes_of(ras, scan.geometry);
    ASSERT_EQ(back.voxels, scan.voxels);
    ASSERT_EQ(back.geometry.origin, scan.geometry.origin);
    ASSERT_EQ(back.geometry.direction, scan.geometry.direction);
    ASSERT_EQ(map.inverse().inverse(), map);
  }
}

TEST(Reorient, ObliqueRestIsKept) {
  const Geometry g = sample::oblique();
  EXPECT_TRUE(map_to_ras(g).is_identity());
  EXPECT_EQ(to_ras(sample::filled<uint8_t>(g)).geometry.direction, g.direction);
}

TEST(Reorient, TiesAreStable) {
  // 45 degrees about z, a hair to either side: no reordering, and what is oriented stays so.
  for (const double angle : {std::atan(1.0) - 1e-12, std::atan(1.0), std::atan(1.0) + 1e-12}) {
    Geometry g;
    g.size = {2, 3, 4};
    g.direction = sample::rotation(0, 0, angle);
    const AxisMap map = map_to_ras(g);
    EXPECT_EQ(map.source, (std::array<size_t, 3>{0, 1, 2}));
    EXPECT_TRUE(map_to_ras(map.apply(g)).is_identity());
  }
}

TEST(Reorient, AnotherGridIsPermutedAllTheSame) {
  Geometry scan = sample::oblique();
  scan = AxisMap{{2, 0, 1}, {true, false, true}}.apply(scan);
  Geometry coarse = map_to_ras(scan).apply(scan);
  coarse.size = {3, 4, 2};
  coarse.spacing = {1.6, 2.6, 5};
  const Image back = onto_axes_of(sample::filled<float>(coarse), scan);
  EXPECT_EQ(back.size(), (Size3{2, 3, 4}));
  EXPECT_EQ(back.geometry.spacing, (Vector3{5, 1.6, 2.6}));
}

TEST(Reorient, LargeArraysCrossTileBorders) {
  Geometry g;
  g.size = {70, 3, 65};
  const Volume<uint16_t> in = [&g] {
    Volume<uint16_t> v(g);
    for (size_t i = 0; i < v.voxels.size(); ++i) v.voxels[i] = static_cast<uint16_t>(i);
    return v;
  }();
  for (const AxisMap& map : sample::all_axis_maps()) {
    const auto out = map.apply(in);
    for (int64_t x = 0; x < out.size()[0]; x += 7)
      for (int64_t y = 0; y < out.size()[1]; ++y)
        for (int64_t z = 0; z < out.size()[2]; z += 3) {
          Size3 from{};
          const Size3 index{x, y, z};
          for (size_t i = 0; i < 3; ++i) from[map.source[i]] = map.flipped[i] ? out.size()[i] - 1 - index[i] : index[i];
          ASSERT_EQ(out(x, y, z), in(from[0], from[1], from[2]));
        }
  }
}

}  // namespace tss::reorient_test
