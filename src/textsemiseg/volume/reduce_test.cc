#include "textsemiseg/volume/reduce.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/sample_volumes.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/volume/finite.h"
#include "textsemiseg/volume/resample.h"

namespace tss::reduce_test {

TEST(Reduce, BlockCentresKeepTheirPlace) {
  const Geometry g = sample::oblique();  // 6 x 7 x 5
  const Geometry r = reduced(g, {2, 3, 1});
  EXPECT_EQ(r.size, (Size3{3, 3, 5}));
  const Vector3 centre = g.world({0.5, 1, 0}), last = g.world({4.5, 7, 4});
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(r.world({0, 0, 0})[i], centre[i], 1e-12);
    EXPECT_NEAR(r.world({2, 2, 4})[i], last[i], 1e-12);
  }
  EXPECT_THROW(reduced(g, {2, 0, 1}), InputError);
}

TEST(Reduce, MeansAlsoOfIncompleteBlocks) {
  Geometry g;
  g.size = {3, 2, 3};
  Image image(g);
  for (size_t i = 0; i < 18; ++i) image.voxels[i] = static_cast<float>(i * i);
  const Image out = reduce(image, {2, 2, 2});
  EXPECT_EQ(out.size(), (Size3{2, 1, 2}));
  const auto sq = [](int v) { return static_cast<float>(v * v); };
  EXPECT_FLOAT_EQ(out(0, 0, 0), (sq(0) + sq(1) + sq(3) + sq(4) + sq(6) + sq(7) + sq(9) + sq(10)) / 8);
  EXPECT_FLOAT_EQ(out(0, 0, 1), (sq(2) + sq(5) + sq(8) + sq(11)) / 4);
  EXPECT_FLOAT_EQ(out(1, 0, 1), (sq(14) + sq(17)) / 2);
}

TEST(Reduce, LabelsByMajorityThenCentralVoxelThenLowest) {
  Geometry g;
  g.size = {2, 2, 2};
  LabelMap labels(g);
  labels.voxels = {1, 1, 1, 2, 2, 0, 0, 2};  // 1 and 2 three times each, the central voxel (1, 1, 1) is 2
  EXPECT_EQ(reduce(labels, {2, 2, 2}).voxels[0], 2);
  labels.voxels = {2, 2, 2, 1, 1, 0, 0, 1};
  EXPECT_EQ(reduce(labels, {2, 2, 2}).voxels[0], 1);
  labels.voxels = {2, 2, 2, 1, 1, 1, 0, 0};  // central voxel is not among the most frequent
  EXPECT_EQ(reduce(labels, {2, 2, 2}).voxels[0], 1);
  labels.voxels = {5, 5, 5, 5, 5, 1, 1, 1};
  EXPECT_EQ(reduce(labels, {2, 2, 2}).voxels[0], 5);
}

TEST(Reduce, BlocksComeBackOnTheirVoxels) {
  Geometry g;
  g.size = {7, 4, 5};
  LabelMap labels(g);
  for (int64_t x = 0; x < 7; ++x)
    for (int64_t y = 0; y < 4; ++y)
      for (int64_t z = 0; z < 5; ++z) labels(x, y, z) = static_cast<uint8_t>(x / 2 * 10 + y / 2 * 3 + z / 2);
  EXPECT_EQ(resample_to(reduce(labels, {2, 2, 2}), g).voxels, labels.voxels);
}

TEST(Finite, NamesTheFirstBadVoxel) {
  Image image(sample::oblique(), 1.0f);
  EXPECT_FALSE(first_non_finite(image));
  image(5, 6, 4) = std::numeric_limits<float>::infinity();
  EXPECT_EQ(first_non_finite(image), (Size3{5, 6, 4}));
  image(2, 3, 1) = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(first_non_finite(image), (Size3{2, 3, 1}));
}

}  // namespace tss::reduce_test
