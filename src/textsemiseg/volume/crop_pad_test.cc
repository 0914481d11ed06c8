#include "textsemiseg/volume/crop_pad.h"

#include <gtest/gtest.h>

#include "support/sample_volumes.h"

namespace tss::crop_pad_test {

TEST(CropPad, CropsAndPadsInOneWithVoxelsInPlace) {
  const Image image = sample::filled<float>(sample::oblique());  // 6 x 7 x 5
  const Box box{{-1, 2, 3}, {4, 6, 4}};
  const Image out = crop_or_pad(image, box, -1.0f);
  EXPECT_EQ(out.size(), box.size);
  for (int64_t x = 0; x < 4; ++x)
    for (int64_t y = 0; y < 6; ++y)
      for (int64_t z = 0; z < 4; ++z) {
        const bool inside = x >= 1 && y <= 4 && z <= 1;
        ASSERT_EQ(out(x, y, z), inside ? image(x - 1, y + 2, z + 3) : -1.0f);
      }
  const Vector3 here = out.geometry.world({1, 0, 0}), there = image.geometry.world({0, 2, 3});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(here[i], there[i], 1e-12);
}

TEST(CropPad, PaddingIsUndoneByTheOppositeBox) {
  const LabelMap labels = sample::filled<uint8_t>(sample::oblique());
  const Box box = padded_box(labels.size(), {9, 4, 8});
  EXPECT_EQ(box, (Box{{-1, 0, -1}, {9, 7, 8}}));
  const LabelMap wide = crop_or_pad(labels, box, uint8_t{9});
  const LabelMap back = crop_or_pad(wide, {{1, 0, 1}, labels.size()});
  EXPECT_EQ(back.voxels, labels.voxels);
  EXPECT_TRUE(same_grid(back.geometry, labels.geometry, 1e-12));
}

TEST(CropPad, ABoxBesideTheVolumeIsAllOutside) {
  const Image image = sample::filled<float>(sample::oblique());
  for (const float v : crop_or_pad(image, {{10, 0, 0}, {2, 2, 2}}, 5.0f).voxels) EXPECT_EQ(v, 5);
}

TEST(CropPad, NonZeroBox) {
  Geometry g;
  g.size = {5, 6, 7};
  LabelMap labels(g);
  EXPECT_FALSE(non_zero_box(labels));
  labels(1, 2, 6) = 3;
  labels(3, 2, 4) = 1;
  const Box box = non_zero_box(labels).value();
  EXPECT_EQ(box, (Box{{1, 2, 4}, {3, 1, 3}}));
  EXPECT_EQ(grown_box(box, {1, 3, 1}, g.size), (Box{{0, 0, 3}, {5, 6, 4}}));
}

}  // namespace tss::crop_pad_test
