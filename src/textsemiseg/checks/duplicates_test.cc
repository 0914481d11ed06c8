#include "textsemiseg/checks/duplicates.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/testing.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/file_patterns.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reorient.h"

namespace tss::duplicates_test {

// A body with organs and noise in air of 0, as whole numbers.
Image scan(uint64_t seed, const Size3& size = {48, 44, 40}) {
  Geometry geometry;
  geometry.size = size;
  Image image(geometry);
  Random random(seed, Stream::kPhantom);
  Vector3 centre{};
  for (size_t axis = 0; axis < 3; ++axis) centre[axis] = static_cast<double>(size[axis]) * random.uniform(0.45, 0.55);
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      for (int64_t z = 0; z < size[2]; ++z) {
        const double a = (static_cast<double>(x) - centre[0]) / static_cast<double>(size[0]),
                     b = (static_cast<double>(y) - centre[1]) / static_cast<double>(size[1]),
                     c = (static_cast<double>(z) - centre[2]) / static_cast<double>(size[2]);
        const double r = std::sqrt(a * a + b * b + c * c);
        const double noise = random.normal();
        if (r < 0.45) image(x, y, z) = static_cast<float>(std::round(r < 0.2 ? 300 : 200 + 20 * noise));
      }
    }
  }
  return image;
}

std::optional<DuplicateMatch> match(const Image& a, const Image& b) {
  const auto candidates = duplicate_candidates({sketch_of(a), sketch_of(b)});
  if (candidates.empty()) return std::nullopt;
  EXPECT_EQ(candidates.size(), 1u);
  return verify_duplicate(candidates.front(), a, b);
}

TEST(Duplicates, TheSameVoxels) {
  const auto found = match(scan(1), scan(1));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->equal && found->candidate.same_content);
  EXPECT_EQ(found->of_first, 1);
}

TEST(Duplicates, OtherScansOfTheSameKindAreNone) {
  std::vector<Sketch> sketches;
  for (uint64_t seed = 0; seed < 12; ++seed) sketches.push_back(sketch_of(scan(seed)));
  for (const Sketch& one : sketches) EXPECT_GT(one.landmarks.size(), 200u);
  EXPECT_TRUE(duplicate_candidates(sketches).empty());
}

TEST(Duplicates, OtherIntensities) {
  const Image image = scan(1);
  Image scaled = image, coarse = image, window = image;
  for (float& v : scaled.voxels) v = v / 1000.0f - 0.3f;
  for (float& v : coarse.voxels) v = std::round(v / 3);                      // fewer grey values
  for (float& v : window.voxels) v = std::clamp(v, 160.0f, 240.0f) / 40.0f;  // the organ and the air are lost
  const auto a = match(image, scaled), b = match(image, coarse), c = match(image, window);
  ASSERT_TRUE(a);
  ASSERT_TRUE(b);
  ASSERT_TRUE(c);
  EXPECT_FALSE(a->equal);
  EXPECT_NEAR(a->slope, 0.001, 1e-6);
  EXPECT_NEAR(a->offset, -0.3, 1e-3);
  EXPECT_GT(a->correlation, 0.9999);
  EXPECT_GT(b->correlation, 0.99);
  EXPECT_NEAR(c->slope, 1 / 40.0, 1e-3);
}

TEST(Duplicates, CropsOfAScanAndOfOneAnother) {
  const Image image = scan(1, {64, 60, 50});
  const Image left = crop_or_pad(image, Box{{0, 5, 3}, {42, 50, 40}}), right = crop_or_pad(image, Box{{20, 0, 6}, {44, 50, 44}});
  const auto whole = match(image, left), both = match(left, right);
  ASSERT_TRUE(whole && both);
  EXPECT_TRUE(whole->equal && both->equal);
  EXPECT_EQ(whole->of_second, 1);
  EXPECT_NEAR(whole->of_first, 42.0 * 50 * 40 / (64 * 60 * 50), 1e-9);
  EXPECT_EQ(whole->candidate.alignment.shift, (std::array<int64_t, 3>{0, 5, 3}));
  EXPECT_EQ(both->candidate.alignment.shift, (std::array<int64_t, 3>{20, -5, 3}));
  EXPECT_NEAR(both->of_first, 22.0 * 45 * 37 / (42 * 50 * 40), 1e-9);
}

TEST(Duplicates, EveryOrderAndDirectionOfTheAxes) {
  const Image image = scan(3, {40, 36, 44});
  for (const auto& order : {std::array<size_t, 3>{0, 1, 2}, {1, 2, 0}, {2, 1, 0}, {0, 2, 1}}) {
    for (unsigned flips = 0; flips < 8; ++flips) {
      const AxisMap map{order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0}};
      const Image other = crop_or_pad(map.apply(image), Box{{2, 3, 1}, {34, 32, 33}});
      const auto found = match(image, other);
      ASSERT_TRUE(found) << flips;
      EXPECT_TRUE(found->equal);
      EXPECT_EQ(found->of_second, 1);
      EXPECT_EQ(found->reordered(), !map.is_identity());
    }
  }
}

TEST(Duplicates, FlatRegionsSayNothing) {
  // The same air, table and box around other bodies.
  Image a = scan(1), b = scan(2);
  for (Image* image : {&a, &b}) {
    for (int64_t x = 0; x < 48; ++x)
      for (int64_t y = 0; y < 4; ++y)
        for (int64_t z = 0; z < 40; ++z) (*image)(x, y, z) = static_cast<float>(100 * (x / 6 % 2) + 10 * y);
  }
  EXPECT_FALSE(match(a, b));
  const Image flat(a.geometry, 7.0f);
  EXPECT_EQ(sketch_of(flat).content, 0u);
  EXPECT_FALSE(match(flat, flat));
}

TEST(Duplicates, SmallScansByAllTheirVoxels) {
  const Image tiny = scan(4, {10, 9, 6});
  EXPECT_TRUE(sketch_of(tiny).landmarks.empty());
  EXPECT_TRUE(match(tiny, tiny));
  EXPECT_FALSE(match(tiny, scan(5, {10, 9, 6})));
}

// 800 megabytes of real scans hold one pair: two training scans of the left atrium, published under two ids.
TEST(Duplicates, RealScans) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const auto pairs = [&](const std::string& folder, const std::string& pattern) {
    DatasetFacts facts;
    facts.images = {pattern};
    const auto source = find_by_patterns(*data / folder, facts, "test");
    EXPECT_TRUE(source && source->cases.size() >= 4) << folder;
    std::vector<Sketch> sketches;
    for (const SourceCase& item : source->cases) sketches.push_back(sketch_of(Scan::open(item.images.front())->read()));
    std::vector<std::string> found;
    for (const DuplicateCandidate& one : duplicate_candidates(sketches)) {
      const auto& a = source->cases[one.first];
      const auto& b = source->cases[one.second];
      EXPECT_TRUE(verify_duplicate(one, Scan::open(a.images.front())->read(), Scan::open(b.images.front())->read()));
      found.push_back(a.id + " " + b.id);
    }
    return found;
  };
  EXPECT_EQ(pairs("hippocampus", "imagesTr/{id}.nii.gz"), std::vector<std::string>{});
  EXPECT_EQ(pairs("sts_pet", "{id}_image.nii.gz"), std::vector<std::string>{});
  EXPECT_EQ(pairs("brats_flair", "{id}/Flair*.nii.gz"), std::vector<std::string>{});
  EXPECT_EQ(pairs("left_atrium", "{id}/mri_norm2.h5"), std::vector<std::string>{"0RZDK210BSMWAA6467LU CMPXO4J23G58J53Q98SZ"});
}

}  // namespace tss::duplicates_test
