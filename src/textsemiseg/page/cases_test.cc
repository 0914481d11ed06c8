#include "textsemiseg/page/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/html.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/report/confusion.h"

namespace tss::cases_test {

using ::testing::ElementsAre;

Geometry grid(Size3 size) {
  Geometry geometry;
  geometry.size = size;
  return geometry;
}

LabelMap box(Size3 size, int64_t low, int64_t high) {
  LabelMap labels(grid(size));
  for (int64_t x = low; x < high; ++x)
    for (int64_t y = low; y < high; ++y)
      for (int64_t z = low; z < high; ++z) labels(x, y, z) = 1;
  return labels;
}

std::string gunzip(const std::string& bytes, size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  return out;
}

TEST(PageVolume, GreyValuesAreSpreadOver256StepsAndXRunsFastest) {
  Image image(grid({2, 3, 2}));
  for (size_t i = 0; i < image.voxels.size(); ++i) image.voxels[i] = static_cast<float>(i);
  LabelMap labels(image.geometry);
  labels(1, 0, 0) = 2;
  const PageVolume volume = page_volume(image, labels, {LabelMap()});
  EXPECT_EQ(volume.image(0, 0, 0), 0);
  EXPECT_EQ(volume.image(1, 2, 1), 255);
  EXPECT_EQ(volume.factor, 1);
  EXPECT_FALSE(volume.cropped);
  const Json json = to_json(volume);
  EXPECT_EQ(json["size"], (Json{2, 3, 2}));
  EXPECT_TRUE(json["predictions"][0].is_null());
  std::string packed(12, '\0');
  packed[1] = 2;
  EXPECT_EQ(json["reference"].get<std::string>(), base64(gzip(packed)));
  EXPECT_EQ(gunzip(gzip(packed), 12), packed);
}

TEST(PageVolume, TheWorldStaysWhereItIs) {
  Image image(grid({4, 5, 6}));
  image.geometry.direction = {{{-1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};  // x runs to the left
  image.geometry.origin = {10, 0, 0};
  LabelMap labels(image.geometry);
  labels(0, 1, 2) = 1;  // at (10, 1, 2)
  const PageVolume volume = page_volume(image, labels, {});
  EXPECT_EQ(volume.reference(3, 1, 2), 1);
  EXPECT_THAT(volume.reference.geometry.world({3, 1, 2}), ElementsAre(10, 1, 2));
  const Json affine = to_json(volume)["affine"];
  EXPECT_EQ(affine[0], (Json{1.0, 0.0, 0.0, 7.0}));
}

TEST(PageVolume, LargeScansAreCutToTheLabelsAndMadeCoarser) {
  const Size3 size{60, 60, 60};
  Image image(grid(size));
  Random random(1, Stream::kPhantom);
  for (float& value : image.voxels) value = static_cast<float>(random.normal());
  const LabelMap labels = box(size, 20, 30);
  PageVolumeOptions options;
  options.most_voxels = 30 * 30 * 30;
  options.margin_mm = 5;
  const PageVolume cut = page_volume(image, labels, {labels}, options);
  EXPECT_TRUE(cut.cropped);
  EXPECT_EQ(cut.factor, 1);
  EXPECT_EQ(cut.image.size(), (Size3{20, 20, 20}));
  EXPECT_EQ(cut.predictions[0].voxels, cut.reference.voxels);
  EXPECT_THAT(cut.image.geometry.origin, ElementsAre(15, 15, 15));

  options.most_voxels = 10 * 10 * 10;
  const PageVolume coarse = page_volume(image, labels, {labels}, options);
  EXPECT_EQ(coarse.factor, 2);
  EXPECT_EQ(coarse.image.size(), (Size3{10, 10, 10}));
}

TEST(PageVolume, RefusesOtherGrids) {
  const Image image(grid({4, 4, 4}));
  EXPECT_THROW(page_volume(image, LabelMap(grid({4, 4, 5})), {}), InputError);
}

TEST(PageCases, StillPictureHasThreePlanes) {
  const LabelMap labels = box({20, 30, 10}, 2, 8);
  const PageVolume volume = page_volume(Image(grid({20, 30, 10})), labels, {labels});
  const RgbImage picture = still_picture(volume, 0, 60);
  EXPECT_EQ(picture.height, 60);
  EXPECT_EQ(picture.width, 40 + 120 + 180 + 12);
}

TEST(Confusion, CountsVoxelsByReferenceAndPrediction) {
  Confusion table = no_confusion(2);
  add_case(table, box({4, 4, 4}, 0, 2), box({4, 4, 4}, 1, 3));
  EXPECT_THAT(table[0], ElementsAre(64 - 8 - 7, 7));
  EXPECT_THAT(table[1], ElementsAre(7, 1));
  const Confusion before = table;
  EXPECT_THROW(add_case(table, box({4, 4, 4}, 0, 2), box({4, 4, 5}, 1, 3)), InputError);
  LabelMap unknown = box({4, 4, 4}, 1, 3);
  unknown.voxels.back() = 2;
  EXPECT_THROW(add_case(table, box({4, 4, 4}, 0, 2), unknown), InputError);
  EXPECT_EQ(table, before);
  add(table, before);
  EXPECT_THAT(table[1], ElementsAre(14, 2));
}

}  // namespace tss::cases_test
