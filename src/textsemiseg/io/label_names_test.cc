#include "textsemiseg/io/label_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"

namespace tss::label_names_test {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;

// 3 x 2 x 2 voxels, with `layers` values per voxel.
std::string nrrd(const std::string& fields, size_t layers, const std::string& bytes) {
  const std::string list = layers > 1 ? concat("dimension: 4\nsizes: ", layers,
                                               " 3 2 2\nkinds: list domain domain domain\n"
                                               "space directions: none (1,0,0) (0,1,0) (0,0,1)\n")
                                      : "dimension: 3\nsizes: 3 2 2\nspace directions: (1,0,0) (0,1,0) (0,0,1)\n";
  return "NRRD0005\ntype: uint8\nspace: left-posterior-superior\nspace origin: (0,0,0)\nencoding: raw\n" + list + fields + "\n" +
         bytes;
}

std::string segment(int index, const std::string& name, int value, int layer = 0) {
  const std::string lead = concat("Segment", index, "_");
  return concat(lead, "ID:=Segment_", index + 1, "\n", lead, "LabelValue:=", value, "\n", lead, "Layer:=", layer, "\n", lead,
                "Name:=", name, "\n");
}

class LabelNamesTest : public ::testing::Test {
 protected:
  StoredLabel read(const std::string& name, const std::string& text) {
    write_text_file(folder_ / name, text);
    return Scan::open(folder_ / name)->read_stored_label();
  }
  testing::TemporaryFolder folder_;
};

TEST_F(LabelNamesTest, SegmentsOfSlicer) {
  const std::string bytes("\0\1\2\0\0\0\0\0\0\0\0\2", 12);
  const StoredLabel label = read("a.seg.nrrd", nrrd(segment(0, "spleen", 2) + segment(1, "left  kidney", 1), 1, bytes));
  EXPECT_THAT(label.names, ElementsAre(LabelName{"spleen", 2, 0}, LabelName{"left  kidney", 1, 0}));
  ASSERT_EQ(label.layers.size(), 1u);
  EXPECT_EQ(std::count(label.layers[0].voxels.begin(), label.layers[0].voxels.end(), 2), 2);
  EXPECT_THAT(Scan::open(folder_ / "a.seg.nrrd")->label_names(), ::testing::SizeIs(2));
  // Without a name the segment's id is one; the ending of the file is no matter.
  EXPECT_THAT(read("b.nrrd", nrrd("Segment0_ID:=heart\nSegment0_LabelValue:=3\n", 1, bytes)).names,
              ElementsAre(LabelName{"heart", 3, 0}));
  write_text_file(folder_ / "c.nrrd", nrrd("Segment0_Name:=x\nSegment0_LabelValue:=one\n", 1, bytes));
  EXPECT_THAT(input_error_of([&] { read_label_names(folder_ / "c.nrrd"); }), HasSubstr("the segment 'x' with LabelValue 'one'"));
}

TEST_F(LabelNamesTest, LayersAreKeptApart) {
  std::string bytes(24, '\0');
  bytes[0] = 1;  // voxel 0, layer 0
  bytes[3] = 1;  // voxel 1, layer 1
  const StoredLabel label = read("a.seg.nrrd", nrrd(segment(0, "liver", 1, 0) + segment(1, "spleen", 1, 1), 2, bytes));
  ASSERT_EQ(label.layers.size(), 2u);
  EXPECT_EQ(label.layers[0](0, 0, 0), 1);
  EXPECT_EQ(label.layers[0](1, 0, 0), 0);
  EXPECT_EQ(label.layers[1](1, 0, 0), 1);
  EXPECT_THAT(label.names, ElementsAre(LabelName{"liver", 1, 0}, LabelName{"spleen", 1, 1}));
  // Slicer before 4.11: a layer of ones per segment, without values.
  const StoredLabel old = read("b.seg.nrrd", nrrd("Segment0_Name:=liver\nSegment1_Name:=spleen\n", 2, bytes));
  EXPECT_THAT(old.names, ElementsAre(LabelName{"liver", 1, 0}, LabelName{"spleen", 1, 1}));
  EXPECT_THAT(input_error_of([&] { read("c.seg.nrrd", nrrd(segment(0, "liver", 1, 5), 2, bytes)); }),
              HasSubstr("'liver' in layer 5"));
  EXPECT_THAT(input_error_of([&] { read("d.nrrd", nrrd("", 2, bytes)); }),
              HasSubstr("d.nrrd: has 2 values per voxel (layers of segments"));
}

TEST_F(LabelNamesTest, ColourTables) {
  EXPECT_THAT(
      parse_colour_table("# Color table file x\n0 Background 0 0 0 0\n2 left_atrium 228 87 46 255\n1 scar 46 134 222 255\n"),
      ElementsAre(LabelName{"scar", 1, 0}, LabelName{"left_atrium", 2, 0}));
  EXPECT_THAT(parse_colour_table("#No. Label Name:            R   G   B   A\n\n17  Left-Hippocampus      220 216 20  0\n"
                                 "1001 ctx lh bankssts  25 100  40   0\n"),
              ElementsAre(LabelName{"Left-Hippocampus", 17, 0}, LabelName{"ctx lh bankssts", 1001, 0}));
  EXPECT_THAT(
      parse_colour_table(
          "    0     0    0    0        0  0  0    \"Clear Label\"\n    1   255    0    0        1  1  1    \"left lung\"\n"),
      ElementsAre(LabelName{"left lung", 1, 0}));
  EXPECT_THAT(parse_colour_table("Read by Dr X on 3 May\n1 liver 1 2 3 4\n"), IsEmpty());
  EXPECT_THAT(parse_colour_table("1 a_b 1 2 3 4\n2 a_b 1 2 3 4\n"), IsEmpty());
  EXPECT_THAT(parse_colour_table(""), IsEmpty());
}

TEST_F(LabelNamesTest, TheTableBesideALabelNamesItsValues) {
  LabelMap labels(Geometry{.size = {2, 2, 2}});
  labels.voxels[0] = 2;
  write_label_map(folder_ / "p.nii.gz", labels);
  EXPECT_THAT(Scan::open(folder_ / "p.nii.gz")->label_names(), IsEmpty());
  write_text_file(folder_ / "p.txt", "Patient 3\n");
  EXPECT_THAT(Scan::open(folder_ / "p.nii.gz")->label_names(), IsEmpty());
  write_text_file(folder_ / "p.ctbl", "2 liver 1 2 3 255\n");
  EXPECT_THAT(Scan::open(folder_ / "p.nii.gz")->read_stored_label().names, ElementsAre(LabelName{"liver", 2, 0}));
}

TEST_F(LabelNamesTest, ValuesOfAnySize) {
  Image image(Geometry{.size = {2, 2, 1}});
  image.voxels = {-1, 0, 2035, 1 << 23};
  write_image(folder_ / "a.nii.gz", image);
  EXPECT_THAT(Scan::open(folder_ / "a.nii.gz")->read_stored_label().layers[0].voxels, ElementsAre(-1, 0, 2035, 1 << 23));
  EXPECT_THAT(input_error_of([&] { Scan::open(folder_ / "a.nii.gz")->read_label(); }),
              HasSubstr("has the label value -1; expected"));
  image.voxels = {0.5, 1, 1.25, 0.5};
  EXPECT_THAT(input_error_of([&] { whole_numbers(image, "x"); }),
              HasSubstr("x: has the label values 0.5, 1.25; expected whole numbers"));
  image.voxels = {1, 1, 1, 3e7f};
  EXPECT_THAT(input_error_of([&] { whole_numbers(image, "x"); }), HasSubstr("not told apart"));
}

}  // namespace tss::label_names_test
