#include "textsemiseg/metrics/scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/metrics/surface_distance.h"

namespace tss::scores_test {

Geometry grid(Size3 size, Vector3 spacing = {1, 1, 1}) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  return g;
}

LabelMap random_blobs(const Geometry& g, int classes, double noise, uint64_t seed) {
  LabelMap map(g);
  Random random(seed, Stream::kPhantom);
  for (int c = 1; c <= classes; ++c) {
    Vector3 centre, radius;
    for (size_t a = 0; a < 3; ++a) {
      centre[a] = random.uniform(0.2, 0.8) * static_cast<double>(g.size[a]);
      radius[a] = random.uniform(0.15, 0.4) * static_cast<double>(g.size[a]);
    }
    for (int64_t x = 0; x < g.size[0]; ++x)
      for (int64_t y = 0; y < g.size[1]; ++y)
        for (int64_t z = 0; z < g.size[2]; ++z) {
          const Vector3 i{double(x), double(y), double(z)};
          double r = 0;
          for (size_t a = 0; a < 3; ++a) r += std::pow((i[a] - centre[a]) / radius[a], 2);
          if (r < 1 || random.chance(noise)) map(x, y, z) = static_cast<uint8_t>(c);
        }
  }
  return map;
}

// Surface and distances by their definitions, all pairs.
std::vector<std::array<int64_t, 3>> naive_surface(const LabelMap& map, int label) {
  std::vector<std::array<int64_t, 3>> out;
  const Size3& n = map.size();
  const auto inside = [&](int64_t x, int64_t y, int64_t z) {
    return x >= 0 && y >= 0 && z >= 0 && x < n[0] && y < n[1] && z < n[2] && map(x, y, z) == label;
  };
  for (int64_t x = 0; x < n[0]; ++x)
    for (int64_t y = 0; y < n[1]; ++y)
      for (int64_t z = 0; z < n[2]; ++z) {
        const bool eroded = inside(x - 1, y, z) && inside(x + 1, y, z) && inside(x, y - 1, z) && inside(x, y + 1, z) &&
                            inside(x, y, z - 1) && inside(x, y, z + 1);
        if (inside(x, y, z) && !eroded) out.push_back({x, y, z});
      }
  return out;
}

std::vector<double> naive_directed(const LabelMap& from, const LabelMap& to, int label, const Vector3& spacing) {
  const auto target = naive_surface(to, label);
  std::vector<double> out;
  for (const auto& p : naive_surface(from, label)) {
    double best = INFINITY;
    for (const auto& q : target) {
      double d = 0;
      for (size_t a = 0; a < 3; ++a) d += std::pow(static_cast<double>(p[a] - q[a]) * spacing[a], 2);
      best = std::min(best, d);
    }
    out.push_back(std::sqrt(best));
  }
  return out;
}

void expect_same_set(std::vector<double> got, std::vector<double> expected) {
  ASSERT_EQ(got.size(), expected.size());
  std::sort(got.begin(), got.end());
  std::sort(expected.begin(), expected.end());
  for (size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-12);
}

TEST(SurfaceDistances, EqualAllPairsSearch) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const Vector3 spacing = seed % 2 ? Vector3{0.7, 0.9, 2.5} : Vector3{3.1, 1.0, 0.4};
    const Geometry g = grid({14, 17, 23}, spacing);
    const LabelMap p = random_blobs(g, 2, seed % 3 == 0 ? 0.02 : 0.0, seed);
    const LabelMap r = random_blobs(g, 2, seed % 4 == 0 ? 0.02 : 0.0, seed + 100);
    const auto counts = count_classes(p.voxels.data(), r.voxels.data(), g.size);
    for (const uint8_t label : {1, 2}) {
      if (counts[label].prediction == 0 || counts[label].reference == 0) continue;
      const SurfaceDistances got =
          SurfacePair(p.voxels.data(), r.voxels.data(), g.size, label, counts[label].box).distances(spacing);
      expect_same_set(got.prediction_to_reference, naive_directed(p, r, label, spacing));
      expect_same_set(got.reference_to_prediction, naive_directed(r, p, label, spacing));
    }
  }
}

// A box too large for one stretch of z.
TEST(SurfaceDistances, StretchesOfZAgree) {
  const Geometry g = grid({180, 170, 40});
  LabelMap p(g), r(g);
  p(0, 0, 3) = p(179, 169, 39) = p(90, 80, 20) = 1;
  r(179, 0, 0) = r(0, 169, 38) = r(91, 80, 31) = 1;
  const auto counts = count_classes(p.voxels.data(), r.voxels.data(), g.size);
  const SurfacePair pair(p.voxels.data(), r.voxels.data(), g.size, 1, counts[1].box);
  expect_same_set(pair.distances({1, 2, 3}).prediction_to_reference, naive_directed(p, r, 1, {1, 2, 3}));
  expect_same_set(pair.distances({1, 2, 3}).reference_to_prediction, naive_directed(r, p, 1, {1, 2, 3}));
}

TEST(SurfaceDistances, DefinitionsOnAHandMadePair) {
  const SurfaceDistances d{{0, 1, 2}, {4}};
  EXPECT_DOUBLE_EQ(hausdorff(d), 4);
  EXPECT_DOUBLE_EQ(hausdorff_percentile(d, 95), 2 + 0.85 * 2);  // position 0.95 * 3 = 2.85
  EXPECT_DOUBLE_EQ(average_surface_distance(d), 1);
  EXPECT_DOUBLE_EQ(average_symmetric_surface_distance(d), 7.0 / 4);
}

TEST(Percentile, LinearInterpolation) {
  std::vector<double> v{5, 1, 3};
  EXPECT_DOUBLE_EQ(percentile(v, 0), 1);
  EXPECT_DOUBLE_EQ(percentile(v, 50), 3);
  EXPECT_DOUBLE_EQ(percentile(v, 75), 4);
  EXPECT_DOUBLE_EQ(percentile(v, 100), 5);
  std::vector<double> none;
  EXPECT_TRUE(std::isnan(percentile(none, 50)));
}

TEST(Counts, OneScanEqualsCountingEachClass) {
  const Geometry g = grid({6, 7, 29});
  const LabelMap p = random_blobs(g, 3, 0.1, 1), r = random_blobs(g, 3, 0.1, 2);
  const auto counts = count_classes(p.voxels.data(), r.voxels.data(), g.size);
  for (int label = 0; label < 5; ++label) {
    int64_t np = 0, nr = 0, nb = 0;
    VoxelBounds box;
    for (int64_t x = 0; x < 6; ++x)
      for (int64_t y = 0; y < 7; ++y)
        for (int64_t z = 0; z < 29; ++z) {
          const bool a = p(x, y, z) == label, b = r(x, y, z) == label;
          np += a, nr += b, nb += a && b;
          if (a || b) box.include(x, y, z, z + 1);
        }
    const ClassCounts& c = counts[static_cast<size_t>(label)];
    EXPECT_EQ(c.prediction, np);
    EXPECT_EQ(c.reference, nr);
    EXPECT_EQ(c.both, nb);
    EXPECT_EQ(c.box.low, box.low);
    EXPECT_EQ(c.box.high, box.high);
  }
}

TEST(Scores, MillimetresAndVoxels) {
  const Geometry g = grid({8, 8, 8}, {2, 3, 5});
  LabelMap p(g), r(g);
  p(1, 1, 1) = r(1, 1, 4) = 1;
  const ClassScore s = score_classes(p, r, {1}).front();
  EXPECT_DOUBLE_EQ(*s["hd95"], 15);
  EXPECT_DOUBLE_EQ(*s["hd95_voxels"], 3);
  EXPECT_DOUBLE_EQ(*s["asd"], 15);
  EXPECT_DOUBLE_EQ(*s["dice"], 0);
}

TEST(Scores, IsotropicSpacingScalesTheVoxels) {
  const Geometry g = grid({12, 12, 12}, {0.5, 0.5, 0.5});
  const ClassScore s = score_classes(random_blobs(g, 1, 0, 3), random_blobs(g, 1, 0, 4), {1}).front();
  EXPECT_NEAR(*s["assd"], *s["assd_voxels"] / 2, 1e-12);
  EXPECT_NEAR(*s["hd"], *s["hd_voxels"] / 2, 1e-12);
}

TEST(Scores, EmptyMasks) {
  const Geometry g = grid({4, 4, 4});
  LabelMap empty(g), full(g, 1);
  const auto score = [&](const LabelMap& p, const LabelMap& r, EmptyRule rule) {
    return score_classes(p, r, {1}, {.empty = rule}).front();
  };
  const ClassScore missed = score(empty, full, EmptyRule::kUndefined);
  EXPECT_EQ(missed["dice"], 0.0);
  EXPECT_EQ(missed["hd95"], std::nullopt);
  const ClassScore invented = score(full, empty, EmptyRule::kUndefined);
  EXPECT_EQ(invented["jaccard"], 0.0);
  EXPECT_EQ(invented["asd"], std::nullopt);
  EXPECT_EQ(score(empty, empty, EmptyRule::kUndefined)["dice"], std::nullopt);
  EXPECT_EQ(score(empty, full, EmptyRule::kZeros)["hd95"], 0.0);
  EXPECT_EQ(score(empty, full, EmptyRule::kZerosHundreds)["hd95"], 100.0);
  EXPECT_EQ(score(empty, full, EmptyRule::kZerosHundreds)["asd_voxels"], 100.0);
  EXPECT_EQ(score(empty, full, EmptyRule::kZerosHundreds)["dice"], 0.0);
}

TEST(Scores, PresentClassesAreTheUnion) {
  const Geometry g = grid({2, 2, 2});
  LabelMap p(g), r(g);
  p(0, 0, 0) = 4;
  r(1, 1, 1) = 2;
  const auto scores = score_present_classes(p, r);
  ASSERT_EQ(scores.size(), 2u);
  EXPECT_EQ(scores[0].label, 2);
  EXPECT_EQ(scores[1].label, 4);
}

TEST(Scores, NamesAreThoseOfTheList) {
  ClassScore s;
  EXPECT_THROW(s["hd59"], InputError);
  EXPECT_THROW(s.set("hd59", 1), InputError);
  s.set("hd95", 1);
  EXPECT_EQ(s["hd95"], 1.0);
  s.set("hd95", std::nullopt);
  EXPECT_EQ(s["hd95"], std::nullopt);
  EXPECT_THROW(add_metric({.name = "dice"}), Error);
  for (const ScoreField& field : score_fields()) {
    if (field.on_prepared_grid.empty()) continue;
    EXPECT_EQ(score_field(field.on_prepared_grid).unit, "voxels") << field.name;
  }
}

TEST(Scores, DifferentSizesAreRefused) {
  EXPECT_THROW(score_classes(LabelMap(grid({2, 2, 2})), LabelMap(grid({2, 2, 3})), {1}), Error);
  EXPECT_THROW(empty_rule_from_name("nan"), InputError);
  EXPECT_EQ(empty_rule_from_name("zeros_hundreds"), EmptyRule::kZerosHundreds);
}

}  // namespace tss::scores_test
