#include "textsemiseg/io/segmentation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"

namespace tss::segmentation_test {
using ::testing::HasSubstr;
namespace fs = std::filesystem;

class SegmentationTest : public ::testing::Test {
 protected:
  SegmentationTest() {
    Geometry geometry;
    geometry.size = {5, 3, 4};
    geometry.spacing = {0.7, 0.7, 2};
    labels_ = LabelMap(geometry);
    labels_(1, 0, 2) = 1;
    labels_(4, 2, 3) = 1;
    labels_(0, 1, 0) = 2;
  }
  testing::TemporaryFolder folder_;
  LabelMap labels_;
  const std::vector<SegmentInfo> segments_{{"left atrium", {228, 87, 46}}, {"scar", {46, 134, 222}}};
};

TEST_F(SegmentationTest, SlicerReadsNamesAndColoursFromTheHeader) {
  const fs::path path = folder_ / "x.seg.nrrd";
  write_segmentation(path, labels_, segments_);
  const std::string text = read_text_file(path);
  for (const std::string line :
       {"Segmentation_ContainedRepresentationNames:=Binary labelmap|", "Segmentation_MasterRepresentation:=Binary labelmap",
        "Segmentation_ReferenceImageExtentOffset:=0 0 0", "Segment0_ID:=Segment_1", "Segment0_Name:=left atrium",
        "Segment0_Color:=0.894118 0.341176 0.180392", "Segment0_LabelValue:=1", "Segment0_Layer:=0",
        "Segment0_Extent:=1 4 0 2 2 3", "Segment1_Name:=scar", "Segment1_LabelValue:=2", "Segment1_Extent:=0 0 1 1 0 0"})
    EXPECT_THAT(text, HasSubstr(line + "\n"));
  const LabelMap back = Scan::open(path)->read_label();
  EXPECT_EQ(back.voxels, labels_.voxels);
  EXPECT_TRUE(same_grid(back.geometry, labels_.geometry));
  EXPECT_EQ(scan_stem(path), "x");
  EXPECT_FALSE(fs::exists(folder_ / "x.ctbl"));
}

TEST_F(SegmentationTest, OtherFormatsHaveAColourTableBesideThem) {
  write_segmentation(folder_ / "y.nii.gz", labels_, segments_);
  EXPECT_EQ(read_text_file(folder_ / "y.ctbl"),
            "# Color table file\n# 3 values\n0 Background 0 0 0 0\n1 left_atrium 228 87 46 255\n2 scar 46 134 222 255\n");
  EXPECT_EQ(read_label_map(folder_ / "y.nii.gz").voxels, labels_.voxels);
}

TEST_F(SegmentationTest, ALabelWithoutASegmentIsRefused) {
  labels_(0, 0, 0) = 3;
  EXPECT_THAT(testing::input_error_of([&] { write_segmentation(folder_ / "x.nii", labels_, segments_); }),
              HasSubstr("holds label 3; expected labels 0 to 2"));
  EXPECT_FALSE(fs::exists(folder_ / "x.nii"));
}

TEST_F(SegmentationTest, DicomSegmentationRefersToItsSlices) {
  testing::write_dicom_series(folder_ / "ct", testing::DicomSeries(4));
  labels_.geometry = Scan::open(folder_ / "ct")->geometry();
  const fs::path path = folder_ / "seg.dcm";
  write_dicom_seg(path, labels_, segments_, *Scan::open(folder_ / "ct"));
  const std::string bytes = read_text_file(path);
  for (const std::string part : {"1.2.840.10008.5.1.4.1.1.66.4", "left atrium", "scar", "1.2.826.0.1.3680043.10.99.1.3"})
    EXPECT_THAT(bytes, HasSubstr(part));
  // Frames of 15 voxels, one bit each, without gaps: (1, 0, 2), (4, 2, 3), (0, 1, 0).
  EXPECT_EQ(bytes.substr(bytes.size() - 6), std::string("\x02\0\0\x20\x08\0", 6));
  // Our own reading says what it is.
  EXPECT_THAT(testing::input_error_of([&] { Scan::open(path)->read_label(); }), HasSubstr("Segmentation Storage"));
  labels_.geometry.origin[2] += 1;
  EXPECT_THAT(
      testing::input_error_of([&] { write_dicom_seg(folder_ / "b.dcm", labels_, segments_, *Scan::open(folder_ / "ct")); }),
      HasSubstr("b.dcm: origin"));
}

// Tags of the object, each with its value as stored.
std::string stored(const fs::path& path, const std::string& tag, const std::string& type) {
  const std::string bytes = read_text_file(path);
  const std::string head = testing::dicom_bytes::tag(tag) + type;
  const size_t at = bytes.find(head);
  if (at == std::string::npos) return "none";
  const auto byte = [&](size_t i) { return static_cast<size_t>(static_cast<unsigned char>(bytes[at + 6 + i])); };
  return trim(bytes.substr(at + 8, byte(0) + 256 * byte(1)));
}

TEST_F(SegmentationTest, NamesOutsideAsciiMakeADicomSegmentationUtf8) {
  testing::DicomSeries series(4);
  for (testing::DicomSlice& slice : series.slices)
    slice.more = {{"0008,0005", "CS", "ISO_IR 100"}, {"0010,0010", "PN", "M\xFCller^J\xF6rg"}};
  testing::write_dicom_series(folder_ / "ct", series);
  labels_.geometry = Scan::open(folder_ / "ct")->geometry();
  std::string longest;
  for (int i = 0; i < 70; ++i) longest += "ß";
  const fs::path path = folder_ / "seg.dcm";
  write_dicom_seg(path, labels_, {{longest, {}}, {"Tumör\\größer", {}}}, *Scan::open(folder_ / "ct"));
  EXPECT_EQ(stored(path, "0008,0005", "CS"), "ISO_IR 192");
  EXPECT_EQ(stored(path, "0010,0010", "PN"), "Müller^Jörg");
  EXPECT_EQ(stored(path, "0062,0005", "LO"), longest.substr(0, 2 * 64));  // two bytes each, none cut in half
  EXPECT_THAT(read_text_file(path), HasSubstr("Tumör/größer"));
  // ASCII alone leaves the character set of the series.
  write_dicom_seg(path, labels_, segments_, *Scan::open(folder_ / "ct"));
  EXPECT_EQ(stored(path, "0010,0010", "PN"), "M\xFCller^J\xF6rg");
  EXPECT_EQ(stored(path, "0008,0005", "CS"), "ISO_IR 100");
}

// Attributes of the source that DICOM does not allow are left out by name where an object may lack them.
TEST_F(SegmentationTest, InvalidTagsOfTheSourceAreLeftOutOrNamed) {
  const auto write = [&](const std::vector<std::array<std::string, 3>>& more, const std::vector<std::string>& without = {}) {
    testing::DicomSeries series(4);
    for (testing::DicomSlice& slice : series.slices) {
      slice.more = more;
      slice.without = without;
    }
    fs::remove_all(folder_ / "ct");
    testing::write_dicom_series(folder_ / "ct", series);
    labels_.geometry = Scan::open(folder_ / "ct")->geometry();
    return testing::input_error_of(
        [&] { write_dicom_seg(folder_ / "seg.dcm", labels_, segments_, *Scan::open(folder_ / "ct")); });
  };
  EXPECT_EQ(write({{"0010,1010", "AS", "45"}, {"0008,0020", "DA", "anonymised"}, {"0008,0030", "TM", "12:00:00"}}), "no error");
  EXPECT_EQ(stored(folder_ / "seg.dcm", "0010,1010", "AS"), "none");
  EXPECT_EQ(stored(folder_ / "seg.dcm", "0008,0020", "DA"), "");
  EXPECT_EQ(stored(folder_ / "seg.dcm", "0008,0030", "TM"), "");
  EXPECT_EQ(stored(folder_ / "seg.dcm", "0010,0010", "PN"), "Secret^Name");
  EXPECT_EQ(write({}, {"0020,0052"}), "no error");
  EXPECT_NE(stored(folder_ / "seg.dcm", "0020,0052", "UI"), "none");
  EXPECT_THAT(write({{"0020,000D", "UI", "study-of-May"}}), HasSubstr("StudyInstanceUID: is 'study-of-May'"));
  EXPECT_THAT(write({}, {"0020,000D"}), HasSubstr("slice_0.dcm: StudyInstanceUID: is missing"));
}

TEST_F(SegmentationTest, AnEmptyDicomSegmentationIsWritten) {
  testing::write_dicom_series(folder_ / "ct", testing::DicomSeries(4));
  LabelMap none(Scan::open(folder_ / "ct")->geometry());
  write_dicom_seg(folder_ / "seg.dcm", none, segments_, *Scan::open(folder_ / "ct"));
  EXPECT_TRUE(fs::exists(folder_ / "seg.dcm"));
}

// For an independent reader: TSS_KEEP names a folder that then holds a series, seg.dcm and the labels.
TEST_F(SegmentationTest, KeptForAnotherReader) {
  const char* keep = std::getenv("TSS_KEEP");
  if (!keep) GTEST_SKIP() << "skipped: no TSS_KEEP";
  testing::DicomSlice like;
  like.orientation = {0.8, 0.6, 0, 0, 0, -1};
  like.position = {12.5, -7, 3};
  testing::DicomSeries series(4, 2, like);
  testing::write_dicom_series(fs::path(keep) / "ct", series);
  labels_.geometry = Scan::open(fs::path(keep) / "ct")->geometry();
  write_dicom_seg(fs::path(keep) / "seg.dcm", labels_, segments_, *Scan::open(fs::path(keep) / "ct"));
  write_segmentation(fs::path(keep) / "labels.seg.nrrd", labels_, segments_);
  write_image(fs::path(keep) / "ct.nrrd", Scan::open(fs::path(keep) / "ct")->read());
}

}  // namespace tss::segmentation_test
