// Labels as people have them: named segments, values of any size, cropped to their extent; and arrays damaged since they were prepared.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/segmentation.h"
#include "textsemiseg/recipe/recipe_files.h"
#include "textsemiseg/source/published_dataset.h"
#include "textsemiseg/volume/crop_pad.h"

namespace tss::prepare_labels_test {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

constexpr Size3 kSize{10, 9, 8};

LabelMap organs() {
  LabelMap out(Geometry{.size = kSize});
  for (int64_t x = 2; x < 5; ++x) out(x, 3, 4) = 1;
  for (int64_t x = 5; x < 7; ++x) out(x, 4, 5) = 2;
  return out;
}

class PrepareLabels : public ::testing::Test {
 protected:
  PrepareLabels() {
    for (int i = 0; i < 4; ++i) {
      Image image = testing::noise_image(kSize, static_cast<uint64_t>(i));
      image.geometry = organs().geometry;
      write_image(folder_ / concat("S/images/c", i, ".nrrd"), image);
    }
    options_.source = folder_ / "S";
    options_.dataset = folder_ / "D";
    options_.recipe = published_dataset("generic").recipe;
    options_.recipe.remove("normalise");
    options_.classes = {"background", "liver", "spleen"};
    options_.split.labelled = "4";
    options_.split.validation = options_.split.test = "0";
    options_.threads = 1;
  }
  std::vector<int64_t> counts(const std::string& id) {
    const CachedCase item = Dataset::open(folder_ / "D").load(id);
    std::vector<int64_t> out(3, 0);
    for (int64_t i = 0; i < item.label->elements(); ++i) ++out.at(item.label->data<uint8_t>()[i]);
    return {out.begin() + 1, out.end()};
  }
  TemporaryFolder folder_;
  PrepareOptions options_;
};

TEST_F(PrepareLabels, SegmentsAreReadByName) {
  LabelMap exchanged = organs();
  for (uint8_t& v : exchanged.voxels) v = v == 0 ? 0 : static_cast<uint8_t>(3 - v);
  for (int i = 0; i < 4; ++i) {
    if (i % 2 == 0)
      write_segmentation(folder_ / concat("S/labels/c", i, ".seg.nrrd"), organs(), {{"liver", {}}, {"spleen", {}}});
    else
      write_segmentation(folder_ / concat("S/labels/c", i, ".seg.nrrd"), exchanged, {{"spleen", {}}, {"liver", {}}});
  }
  prepare_dataset(options_);
  for (int i = 0; i < 4; ++i) EXPECT_THAT(counts(concat("c", i)), ElementsAre(3, 2)) << i;
  EXPECT_THAT(Dataset::open(folder_ / "D").unseen_classes(), IsEmpty());
}

TEST_F(PrepareLabels, ValuesOfAnySize) {
  for (int i = 0; i < 4; ++i) {
    const LabelMap small = organs();
    Image label(small.geometry);
    std::transform(small.voxels.begin(), small.voxels.end(), label.voxels.begin(), [](uint8_t v) {
      return v == 1 ? 500.0f : v == 2 ? -1.0f : 0.0f;
    });
    write_image(folder_ / concat("S/labels/c", i, ".nrrd"), label);
  }
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_); }), HasSubstr("label values -1 (2 voxels), 0 ("));
  options_.label_map = parse_label_rules({"500=liver", "-1=spleen"});
  prepare_dataset(options_);
  EXPECT_THAT(counts("c2"), ElementsAre(3, 2));
}

TEST_F(PrepareLabels, CroppedLabelsArePadded) {
  for (int i = 0; i < 4; ++i)
    write_label_map(folder_ / concat("S/labels/c", i, ".nrrd"), crop_or_pad(organs(), *non_zero_box(organs())));
  prepare_dataset(options_);
  EXPECT_THAT(counts("c3"), ElementsAre(3, 2));
  EXPECT_EQ(Dataset::open(folder_ / "D").read_label("c0").voxels, organs().voxels);
}

TEST_F(PrepareLabels, DamagedArraysAreNamed) {
  for (int i = 0; i < 4; ++i) write_label_map(folder_ / concat("S/labels/c", i, ".nrrd"), LabelMap(organs().geometry));
  prepare_dataset(options_);
  EXPECT_THAT(Dataset::open(folder_ / "D").unseen_classes(), ElementsAre("liver", "spleen"));
  const Cache cache(folder_ / "D", options_.recipe, 3, LabelTable::identity(3));
  const auto set_last_byte = [&](const std::string& file, char byte) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(-1, std::ios::end);
    out.put(byte);
  };
  set_last_byte((cache.folder_of("c1") / "label.npy").string(), static_cast<char>(200));
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_THAT(input_error_of([&] { dataset.load("c1"); }),
              HasSubstr("label.npy: case 'c1' is damaged: its checksum is not the one"));
  EXPECT_FALSE(dataset.load("c1", LabelUse::kLeftAlone).label);
  // Entries of earlier versions have none.
  Json record = read_json(cache.folder_of("c1") / "case.json");
  record.erase("crc32");
  write_json(cache.folder_of("c1") / "case.json", record);
  EXPECT_THAT(input_error_of([&] { dataset.load("c1"); }), HasSubstr("it holds labels above 2"));
}

}  // namespace tss::prepare_labels_test
