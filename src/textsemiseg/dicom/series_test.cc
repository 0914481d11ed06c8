#include "textsemiseg/dicom/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/io/scan.h"

namespace tss::series_test {
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Series = testing::DicomSeries;
using Slice = testing::DicomSlice;
namespace fs = std::filesystem;

class DicomSeriesTest : public ::testing::Test {
 protected:
  std::string error(const fs::path& path) const {
    return testing::input_error_of([&] { Scan::open(path)->read(); });
  }
  std::string error_of(const Series& series) const {
    const fs::path path = folder_ / "case";
    fs::remove_all(path);
    testing::write_dicom_series(path, series);
    return error(path);
  }
  // What is logged meanwhile.
  template <class Action>
  std::string log_of(const Action& action) const {
    const fs::path file = folder_ / "log.txt";
    set_log_file(file.string());
    action();
    set_log_file("");
    return fs::exists(file) ? read_text_file(file) : "";
  }
  testing::TemporaryFolder folder_;
};

TEST_F(DicomSeriesTest, VoxelsAndGridOfAnAxialSeries) {
  Slice like;
  like.position = {-10, -20, 30};
  like.spacing = {0.7, 0.8};
  Series series(4, 2, like);
  testing::write_dicom_series(folder_ / "a/study/series", series);
  const Image image = Scan::open(folder_ / "a")->read();
  EXPECT_EQ(image.size(), (Size3{5, 3, 4}));
  EXPECT_EQ(image.geometry.spacing, (Vector3{0.8, 0.7, 2}));
  EXPECT_EQ(image.geometry.origin, (Vector3{10, 20, 30}));  // LPS to RAS
  EXPECT_EQ(image.geometry.direction, (Matrix3{{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}}));
  for (int k = 0; k < 4; ++k)
    for (int r = 0; r < 3; ++r)
      for (int c = 0; c < 5; ++c) EXPECT_EQ(image(c, r, k), 100 * k + 10 * r + c);
  EXPECT_TRUE(same_grid(Scan::open(folder_ / "a")->geometry(), image.geometry, 0));
  EXPECT_EQ(Scan::open(folder_ / "a")->channel_count(), 1);
  EXPECT_EQ(Scan::open(folder_ / "a")->files().size(), 4u);
}

TEST_F(DicomSeriesTest, TheOrderIsThatOfPositionsNotOfNames) {
  Series series(4);
  series.slices[0].name = "z";
  series.slices[1].name = "IM0007";  // no extension
  series.slices[3].name = "a.ima";
  testing::write_dicom_series(folder_ / "s", series);
  const Image image = Scan::open(folder_ / "s")->read();
  for (int k = 0; k < 4; ++k) EXPECT_EQ(image(0, 0, k), 100 * k);
}

TEST_F(DicomSeriesTest, ObliqueSlicesKeepTheirDirectionExactly) {
  const double c = std::cos(0.3), s = std::sin(0.3);
  Slice like;
  like.orientation = {c, s, 0, 0, 0, -1};  // normal: (-s, c, 0)
  like.position = {5, 6, 7};
  testing::write_dicom_series(folder_ / "s", Series(3, 1.5, like));
  const Geometry g = Scan::open(folder_ / "s")->geometry();
  const Matrix3 expected{{{-c, 0, s}, {-s, 0, -c}, {0, -1, 0}}};
  for (size_t row = 0; row < 3; ++row)
    for (size_t axis = 0; axis < 3; ++axis) EXPECT_NEAR(g.direction[row][axis], expected[row][axis], 1e-11);
  EXPECT_NEAR(g.spacing[2], 1.5, 1e-9);
  // The centre of the last slice's first voxel is where its header puts it.
  const Vector3 last = g.world({0, 0, 2});
  EXPECT_NEAR(last[0], -(5 - 3 * s), 1e-9);
  EXPECT_NEAR(last[1], -(6 + 3 * c), 1e-9);
  EXPECT_NEAR(last[2], 7, 1e-9);
}

TEST_F(DicomSeriesTest, EverySliceHasItsOwnRescaling) {
  Series series(3);
  for (size_t k = 0; k < 3; ++k) {
    series.slices[k].slope = 0.5 * static_cast<double>(k + 1);
    series.slices[k].intercept = -1000 - static_cast<double>(k);
  }
  testing::write_dicom_series(folder_ / "s", series);
  const Image image = Scan::open(folder_ / "s")->read();
  EXPECT_FLOAT_EQ(image(4, 2, 0), 24 * 0.5F - 1000);
  EXPECT_FLOAT_EQ(image(4, 2, 1), 124 * 1.0F - 1001);
  EXPECT_FLOAT_EQ(image(4, 2, 2), 224 * 1.5F - 1002);
}

TEST_F(DicomSeriesTest, SeveralSeriesAreListedAndChosen) {
  Series first(4), second(3, 1), scout(1);
  second.series_uid = "1.2.3.4.5";
  second.description = "Thin";
  second.modality = "MR";
  second.slices[0].more = {{"0020,0011", "IS", "1"}};
  for (Slice& slice : second.slices) slice.more = {{"0020,0011", "IS", "1"}};
  scout.series_uid = "1.2.9";
  testing::write_dicom_series(folder_ / "p/first", first);
  testing::write_dicom_series(folder_ / "p/second", second);
  testing::write_dicom_series(folder_ / "p/scout", scout);
  const fs::path p = folder_ / "p";
  EXPECT_THAT(error(p),
              AllOf(HasSubstr("holds 3 DICOM series: #1 MR 'Thin', 3 slices of 5 x 3, 0.7 x 0.7 x 1 mm, UID 1.2.3.4.5; #2 "
                              "CT 'Abdomen 2.0', 4 slices"),
                    HasSubstr("#2 or #UID")));
  EXPECT_EQ(Scan::open(p.string() + "#1")->read().size()[2], 3);
  EXPECT_EQ(Scan::open(p.string() + "#2")->read().size()[2], 4);
  EXPECT_EQ(Scan::open(p.string() + "#1.2.3")->read().size()[2], 3);
  EXPECT_THAT(error(p.string() + "#1.2"), HasSubstr("'#1.2' names no single series"));
  EXPECT_THAT(error(p.string() + "#7"), HasSubstr("'#7' names no single series"));
  EXPECT_THAT(error(p.string() + "#1.2.9"), HasSubstr("is a single slice (slice slice_0.dcm)"));
  EXPECT_TRUE(is_scan(p.string() + "#2"));
  EXPECT_TRUE(scan_exists(p.string() + "#2"));
  EXPECT_EQ(scan_stem(p.string() + "#2"), "p_2");
  fs::remove_all(p / "second");
  EXPECT_EQ(Scan::open(p)->read().size()[2], 4) << "a scout is no reason to ask";
}

TEST_F(DicomSeriesTest, AGapNamesTheSlicesBesideIt) {
  Series series(6);
  series.slices.erase(series.slices.begin() + 2, series.slices.begin() + 4);
  EXPECT_THAT(error_of(series), AllOf(HasSubstr("about 2 slices are missing"), HasSubstr("slice slice_1.dcm at 2 mm"),
                                      HasSubstr("slice slice_4.dcm at 8 mm"), HasSubstr("others are 2 mm apart")));
}

TEST_F(DicomSeriesTest, VaryingStepsAreRefusedOrWarnedOf) {
  Series series(5);
  series.slices[4].position[2] += 0.5;
  EXPECT_THAT(error_of(series), HasSubstr("its slices are 2 mm to 2.5 mm apart (after slice slice_3.dcm at 6 mm comes slice "
                                          "slice_4.dcm at 8.5 mm)"));
  series.slices[4].position[2] -= 0.4;
  testing::write_dicom_series(folder_ / "warned", series);
  Image image;
  EXPECT_THAT(log_of([&] { image = Scan::open(folder_ / "warned")->read(); }), HasSubstr("2.02 mm is taken for all"));
  EXPECT_NEAR(image.geometry.spacing[2], 2.02, 1e-9);  // of the least-squares line
  // Two regions of steps that differ by less, but add up.
  Series drifting(41, 2);
  for (size_t k = 21; k < 41; ++k) drifting.slices[k].position[2] += 0.18 * (static_cast<double>(k) - 20);
  EXPECT_THAT(error_of(drifting), HasSubstr("same distance between all slices"));
}

TEST_F(DicomSeriesTest, TwoSlicesAtOnePlaceAreNamedWithWhatTellsThemApart) {
  Series series(4);
  series.slices[2].position = series.slices[1].position;
  series.slices[1].more = {{"0018,0081", "DS", "5"}};
  series.slices[2].more = {{"0018,0081", "DS", "12"}};
  EXPECT_THAT(error_of(series), AllOf(HasSubstr("slice slice_1.dcm and slice slice_2.dcm are both at 2 mm"),
                                      HasSubstr("EchoTime 5"), HasSubstr("EchoTime 12")));
}

// A file of the same series that is no slice of the volume.
TEST_F(DicomSeriesTest, AForeignSliceIsLeftOutAndSaid) {
  const auto with = [&](const std::function<void(Slice&)>& change) {
    Series series(4);
    Slice foreign;
    foreign.position = {3, 4, 100};
    foreign.name = "foreign.dcm";
    change(foreign);
    series.slices.push_back(foreign);
    fs::remove_all(folder_ / "s");
    testing::write_dicom_series(folder_ / "s", series);
    return log_of([&] {
      const Image image = Scan::open(folder_ / "s")->read();
      EXPECT_EQ(image.size()[2], 4);
      EXPECT_EQ(image(4, 2, 3), 324);
      EXPECT_EQ(Scan::open(folder_ / "s")->files().size(), 4u);
    });
  };
  EXPECT_THAT(with([](Slice& s) { s.more = {{"0008,0008", "CS", "ORIGINAL\\PRIMARY\\LOCALIZER"}}; }),
              HasSubstr("foreign.dcm: is a localizer (ImageType ORIGINAL\\PRIMARY\\LOCALIZER) (left out"));
  EXPECT_THAT(with([](Slice& s) { s.orientation = {0, 1, 0, 0, 0, -1}; }),
              HasSubstr("foreign.dcm: has ImageOrientationPatient 0\\1\\0\\0\\0\\-1, the other slices 1\\0\\0\\0\\1\\0"));
  EXPECT_THAT(with([](Slice& s) { s.rows = 7; }), HasSubstr("foreign.dcm: has 5 x 7 voxels, the other slices 5 x 3 voxels"));
  EXPECT_THAT(with([](Slice& s) { s.more = {{"0008,0016", "UI", "1.2.840.10008.5.1.4.1.1.7"}}; }),
              HasSubstr("foreign.dcm: is a DICOM object of the kind Secondary Capture"));
  EXPECT_THAT(with([](Slice& s) { s.more = {{"0028,0002", "US", std::string("\3\0", 2)}}; }), HasSubstr("3 samples per voxel"));
  EXPECT_THAT(with([](Slice& s) {
                s.more = {{"0008,0008", "CS", "DERIVED\\SECONDARY"}};
                s.without = {"0020,0032", "0020,0037"};
              }),
              HasSubstr("foreign.dcm: has no place (ImageType DERIVED\\SECONDARY)"));
}

TEST_F(DicomSeriesTest, WithoutAClearMajorityTheCountsAreSaid) {
  Series series(4), other(3);
  for (Slice& slice : other.slices) {
    slice.rows = 7;
    slice.name = "b_" + slice.name;
    series.slices.push_back(slice);
  }
  EXPECT_THAT(error_of(series), AllOf(HasSubstr("4 slices of 5 x 3 along"), HasSubstr("3 slices of 5 x 7 along"),
                                      HasSubstr("twice as many as all others")));
}

// The slice before the gap is the cause, not the localizer.
TEST_F(DicomSeriesTest, AGapIsFoundBesideALocalizer) {
  Series series(6);
  series.slices[2].more = {{"0008,0008", "CS", "ORIGINAL\\PRIMARY\\LOCALIZER"}};
  EXPECT_THAT(error_of(series), HasSubstr("about 1 slice is missing: after slice slice_1.dcm"));
}

TEST_F(DicomSeriesTest, ASeriesOfLocalizersBesideTheVolumeIsNoReasonToAsk) {
  Series scout(3);
  scout.series_uid = "1.2.9";
  for (Slice& slice : scout.slices) slice.more = {{"0008,0008", "CS", "ORIGINAL\\PRIMARY\\LOCALIZER"}};
  testing::write_dicom_series(folder_ / "p/a", Series(5));
  testing::write_dicom_series(folder_ / "p/b", scout);
  EXPECT_EQ(Scan::open(folder_ / "p")->read().size()[2], 5);
}

TEST_F(DicomSeriesTest, CopiesOfASliceAreLeftOut) {
  testing::write_dicom_series(folder_ / "s", Series(4));
  fs::copy_file(folder_ / "s/slice_1.dcm", folder_ / "s/slice_9.dcm");
  fs::create_directories(folder_ / "s/old");
  fs::copy_file(folder_ / "s/slice_3.dcm", folder_ / "s/old/x.dcm");
  Image image;
  const std::string log = log_of([&] { image = Scan::open(folder_ / "s")->read(); });
  EXPECT_THAT(log, AllOf(HasSubstr("slice_9.dcm: holds the voxels of slice_1.dcm at the same place (left out: a copy)"),
                         HasSubstr("(left out: a copy)")));
  EXPECT_EQ(image.size()[2], 4);
  EXPECT_EQ(image(0, 0, 3), 300);
  // The same instance by its UID, other voxels: nobody knows which is right.
  std::string changed = read_text_file(folder_ / "s/slice_9.dcm");
  changed.back() = 1;
  write_text_file(folder_ / "s/slice_9.dcm", changed);
  EXPECT_THAT(error(folder_ / "s"),
              HasSubstr("slice slice_1.dcm and slice slice_9.dcm are one instance by their SOPInstanceUID"));
}

// What counts is the distance from an even grid; with one decimal the steps of 0.625 mm are 0.6 or 0.7 mm.
TEST_F(DicomSeriesTest, PositionsRoundedToATenthOfAMillimetre) {
  for (const double step : {0.625, 0.7, 1.25, 0.33, 0.8333}) {
    Series series(30, step);
    for (size_t k = 0; k < 30; ++k) series.slices[k].position[2] = std::round((0.07 + step * static_cast<double>(k)) * 10) / 10;
    fs::remove_all(folder_ / "s");
    testing::write_dicom_series(folder_ / "s", series);
    EXPECT_NEAR(Scan::open(folder_ / "s")->read().geometry.spacing[2], step, 0.003 * step) << step;
    series.slices.erase(series.slices.begin() + 11);
    EXPECT_THAT(error_of(series), HasSubstr("about 1 slice is missing: after slice slice_10.dcm")) << step;
  }
}

TEST_F(DicomSeriesTest, EmptyOptionalTagsAreAbsent) {
  Series series(3);
  for (Slice& slice : series.slices)
    slice.more = {{"0028,1053", "DS", ""}, {"0028,1052", "DS", ""}, {"0018,0050", "DS", ""}, {"0018,1120", "DS", ""},
                  {"0020,0013", "IS", ""}, {"0020,0011", "IS", ""}, {"0028,0008", "IS", ""}, {"0028,0120", "SS", ""},
                  {"0008,0008", "CS", ""}, {"0028,0002", "US", ""}, {"0018,0081", "DS", ""}, {"0008,103E", "LO", ""}};
  testing::write_dicom_series(folder_ / "s", series);
  EXPECT_EQ(Scan::open(folder_ / "s")->read()(4, 2, 2), 224);
}

TEST_F(DicomSeriesTest, PaddingBecomesTheLowestValueOfTheRest) {
  const auto word = [](int value) { return testing::dicom_bytes::number(static_cast<uint16_t>(value), 2); };
  Series series(3);
  series.stored = [](int column, int row, int slice) {
    return static_cast<int16_t>(row == 0 ? -2000 + column : 100 * slice + 10 * row + column);
  };
  const auto read = [&](const std::vector<std::array<std::string, 3>>& tags, double intercept = -1024) {
    for (Slice& slice : series.slices) {
      slice.more = tags;
      slice.intercept = intercept;
    }
    fs::remove_all(folder_ / "s");
    testing::write_dicom_series(folder_ / "s", series);
    return Scan::open(folder_ / "s")->read();
  };
  Image image = read({{"0028,0120", "SS", word(-2000)}, {"0028,0121", "SS", word(-1990)}});
  EXPECT_EQ(image(0, 0, 0), 10 - 1024);
  EXPECT_EQ(image(4, 0, 2), 10 - 1024);
  EXPECT_EQ(image(4, 2, 2), 224 - 1024);
  image = read({{"0028,0120", "SS", word(-2000)}});
  EXPECT_EQ(image(0, 0, 1), -1999 - 1024) << "one value, not a range";
  EXPECT_EQ(image(1, 0, 1), -1999 - 1024);
  // Words without a sign.
  image = read({{"0028,0103", "US", word(0)}, {"0028,0120", "US", word(-2000)}, {"0028,0121", "US", word(-1990)}});
  EXPECT_EQ(image(0, 0, 0), 10 - 1024);
  // No signal in MR: 0 is what is there.
  image = read({{"0028,0120", "SS", word(-2000)}}, 2000);
  EXPECT_EQ(image(0, 0, 1), 0);
}

TEST_F(DicomSeriesTest, FloatVoxelsAreNamed) {
  Series series(3);
  for (Slice& slice : series.slices) {
    slice.without = {"7FE0,0010"};
    slice.more = {{"7FE0,0008", "OW", std::string(60, '\0')}};
  }
  EXPECT_THAT(error_of(series), HasSubstr("its voxels are floating-point numbers (FloatPixelData, a parametric map)"));
}

TEST_F(DicomSeriesTest, TiltedGantry) {
  Series series(5);
  for (size_t k = 0; k < 5; ++k) series.slices[k].position[1] += 0.4 * static_cast<double>(k);
  for (Slice& slice : series.slices) slice.more = {{"0018,1120", "DS", "11.3"}};
  EXPECT_THAT(error_of(series), HasSubstr("shifted within their plane by up to 1.6 mm (gantry tilt 11.3 degrees)"));
}

TEST_F(DicomSeriesTest, SlicesThatDiffer) {
  Series series(4);
  series.slices[2].rows = 4;
  EXPECT_THAT(error_of(series), HasSubstr("slice slice_2.dcm has 5 x 4 voxels; expected 5 x 3 voxels as in slice slice_0.dcm"));
  series = Series(4);
  series.slices[3].spacing = {0.7, 0.71};
  EXPECT_THAT(error_of(series), HasSubstr("slice slice_3.dcm has PixelSpacing 0.7\\0.71; expected 0.7\\0.7"));
  series = Series(4);
  series.slices[1].orientation = {0, 1, 0, 0, 0, -1};
  EXPECT_THAT(error_of(series), HasSubstr("slice slice_1.dcm has ImageOrientationPatient 0\\1\\0\\0\\0\\-1"));
}

TEST_F(DicomSeriesTest, MissingTagsAreNamed) {
  Series series(3);
  series.slices[2].without = {"0020,0032"};
  EXPECT_THAT(error_of(series), HasSubstr("slice slice_2.dcm has no ImagePositionPatient"));
  series = Series(3);
  for (Slice& slice : series.slices) slice.without = {"0020,0037"};
  EXPECT_THAT(error_of(series), HasSubstr("has no ImageOrientationPatient"));
  series = Series(3);
  series.slices[1].without = {"0028,0030"};
  EXPECT_THAT(error_of(series), HasSubstr("slice slice_1.dcm has no PixelSpacing"));
}

TEST_F(DicomSeriesTest, ASingleSliceIsNoScan) { EXPECT_THAT(error_of(Series(1)), HasSubstr("is a single slice")); }

TEST_F(DicomSeriesTest, KindsThatAreNotReadSayWhatToDo) {
  const auto message = [&](const std::string& sop_class) {
    Series series(1);
    series.sop_class = "1.2.840.10008.5.1.4.1.1." + sop_class;
    return error_of(series);
  };
  EXPECT_THAT(message("66.4"), AllOf(HasSubstr("Segmentation Storage"), HasSubstr("segimage2itkimage")));
  EXPECT_THAT(message("481.3"), AllOf(HasSubstr("RT Structure Set"), HasSubstr("contours"), HasSubstr("plastimatch")));
  EXPECT_THAT(message("481.2"), HasSubstr("RT Dose"));
  EXPECT_THAT(message("2.1"), AllOf(HasSubstr("Enhanced CT"), HasSubstr("dcm2niix")));
  EXPECT_THAT(message("4.1"), HasSubstr("Enhanced MR"));
  EXPECT_THAT(message("7"), HasSubstr("picture of a screen"));
  EXPECT_THAT(message("11.1"), HasSubstr("Presentation State"));
  EXPECT_THAT(message("88.11"), HasSubstr("a document, no image"));
  Series frames(1);
  frames.slices[0].more = {{"0028,0008", "IS", "12"}};
  EXPECT_THAT(error_of(frames), HasSubstr("12 frames in one file"));
  Series colour(3);
  for (Slice& slice : colour.slices) slice.more = {{"0028,0002", "US", std::string("\3\0", 2)}};
  EXPECT_THAT(error_of(colour), HasSubstr("3 samples per voxel"));
}

TEST_F(DicomSeriesTest, ASegmentationBesideTheSliceIsLeftOut) {
  Series other(1);
  other.sop_class = "1.2.840.10008.5.1.4.1.1.66.4";
  other.series_uid = "1.2.77";
  testing::write_dicom_series(folder_ / "c/ct", Series(3));
  testing::write_dicom_series(folder_ / "c/seg", other);
  EXPECT_EQ(Scan::open(folder_ / "c")->read().size()[2], 3);
  EXPECT_THAT(error((folder_ / "c").string() + "#1.2.77"), HasSubstr("Segmentation Storage"));
}

TEST_F(DicomSeriesTest, UnknownCompressionNamesTheSlice) {
  Series series(3);
  series.transfer_syntax = "1.2.840.10008.1.2.4.102";  // MPEG-4
  EXPECT_THAT(error_of(series), AllOf(HasSubstr("slice_"), HasSubstr("MPEG-4")));
}

// GDCM fills missing voxels with anything, and aborts on some damaged headers.
TEST_F(DicomSeriesTest, ATruncatedSliceIsNamedWhereverItEnds) {
  testing::write_dicom_series(folder_ / "s", Series(3));
  const fs::path cut = folder_ / "s/slice_1.dcm";
  const std::string whole = read_text_file(cut);
  for (size_t size = 132; size < whole.size(); size += size + 50 < whole.size() ? 13 : 1) {
    write_text_file(cut, whole.substr(0, size));
    EXPECT_THAT(error(folder_ / "s"), HasSubstr("slice_1.dcm")) << size;
  }
  write_text_file(cut, whole);
  EXPECT_EQ(error(folder_ / "s"), "no error");
}

// 12 of 16 bits, the others holding overlays or anything.
TEST_F(DicomSeriesTest, BitsOutsideTheStoredOnesDoNotCount) {
  Series series(2);
  series.stored = [](int column, int, int) { return static_cast<int16_t>(column == 0 ? 0x5FFF : column == 1 ? 0x7800 : column); };
  const auto bits = [&](const char* is_signed) {
    for (Slice& slice : series.slices)
      slice.more = {{"0028,0101", "US", std::string("\x0C\0", 2)},
                    {"0028,0102", "US", std::string("\x0B\0", 2)},
                    {"0028,0103", "US", std::string(is_signed, 2)}};
    testing::write_dicom_series(folder_ / "s", series);
    return Scan::open(folder_ / "s")->read();
  };
  const Image with_sign = bits("\1\0"), without = bits("\0\0");
  EXPECT_EQ(with_sign(0, 0, 0), -1);
  EXPECT_EQ(with_sign(1, 0, 0), -2048);
  EXPECT_EQ(with_sign(2, 0, 0), 2);
  EXPECT_EQ(without(0, 0, 0), 4095);
  EXPECT_EQ(without(1, 0, 0), 2048);
}

TEST_F(DicomSeriesTest, ImpossibleBitsAreNamed) {
  Series series(3);
  series.slices[1].more = {{"0028,0101", "US", std::string("\x20\0", 2)}};
  EXPECT_THAT(error_of(series), HasSubstr("slice_1.dcm: has BitsAllocated 16, BitsStored 32"));
}

TEST_F(DicomSeriesTest, ASliceThatIsNearlyOrWhollyGoneIsNamed) {
  for (const std::string ending : {".dcm", ".ima", ""}) {
    Series series(10);
    for (int k = 0; k < 10; ++k) series.slices[static_cast<size_t>(k)].name = concat("IM", k, ending);
    fs::remove_all(folder_ / "s");
    testing::write_dicom_series(folder_ / "s", series);
    const fs::path last = folder_ / "s" / series.slices[9].name;
    const std::string whole = read_text_file(last);
    for (const size_t size : {size_t{0}, size_t{100}, size_t{131}}) {
      write_text_file(last, whole.substr(0, size));
      EXPECT_THAT(error(folder_ / "s"), HasSubstr(concat("is called like a slice but is no DICOM file (", size, " bytes)")));
    }
    write_text_file(last, std::string(whole.size(), '\0'));
    EXPECT_THAT(error(folder_ / "s"), HasSubstr(last.string() + ": is called like a slice"));
    fs::remove(last);
    fs::create_symlink("nowhere", last);
    EXPECT_THAT(error(folder_ / "s"), HasSubstr(last.string() + ": is a link without a file"));
    fs::remove(last);
    for (const char* other : {"LICENSE", "README.txt", "DICOMDIR", "label.nii.gz", "notes"})
      write_text_file(folder_ / "s" / other, "x");
    EXPECT_EQ(Scan::open(folder_ / "s")->read().size()[2], 9) << ending;
  }
}

TEST_F(DicomSeriesTest, DamagedNumbersAreNamed) {
  const auto with = [&](const std::string& tag, const std::string& value) {
    Series series(3);
    series.slices[1].more = {{tag, "DS", value}};
    return error_of(series);
  };
  EXPECT_THAT(with("0028,1053", "x"), HasSubstr("slice_1.dcm: RescaleSlope: found 'x'"));
  EXPECT_THAT(with("0028,1053", "0,00043"), HasSubstr("slice_1.dcm: RescaleSlope: found '0,00043'"));
  EXPECT_THAT(with("0028,1053", "nan"), HasSubstr("slice_1.dcm: RescaleSlope"));
  EXPECT_THAT(with("0028,1053", "0"), HasSubstr("slice_1.dcm: RescaleSlope: found 0; expected a number other than 0"));
  EXPECT_EQ(with("0028,1053", ""), "no error");  // there and empty is as good as absent
  EXPECT_THAT(with("0028,1052", "-1024 HU"), HasSubstr("slice_1.dcm: RescaleIntercept: found '-1024 HU'"));
  EXPECT_THAT(with("0028,0030", "0,7\\0,7"), HasSubstr("slice_1.dcm: PixelSpacing: found '0,7'"));
  EXPECT_EQ(with("0028,1053", "+1.0 "), "no error");
  Series absent(3);
  for (Slice& slice : absent.slices) slice.without = {"0028,1053", "0028,1052"};
  testing::write_dicom_series(folder_ / "absent", absent);
  EXPECT_EQ(Scan::open(folder_ / "absent")->read()(4, 2, 2), 224);
}

TEST_F(DicomSeriesTest, PlacesInATableOfColoursAreNoGreyValues) {
  Series series(3);
  for (Slice& slice : series.slices) slice.more = {{"0028,0004", "CS", "PALETTE COLOR"}};
  EXPECT_THAT(error_of(series), HasSubstr("has PhotometricInterpretation PALETTE COLOR (colour); expected grey values"));
}

TEST_F(DicomSeriesTest, DirectionsOfNearlyLengthOneDoNotScaleTheSpacing) {
  Slice like;
  like.orientation = {1.0004, 0, 0, 0, 1, 0};
  Series series(3);
  for (size_t k = 0; k < 3; ++k) {
    series.slices[k].orientation = like.orientation;
    series.slices[k].position[2] = 3 * static_cast<double>(k);
  }
  testing::write_dicom_series(folder_ / "s", series);
  EXPECT_NEAR(Scan::open(folder_ / "s")->geometry().spacing[2], 3, 1e-12);
}

TEST_F(DicomSeriesTest, ADamagedFileStopsItsOwnSeriesOnly) {
  Series first(4), second(3);
  second.series_uid = "1.2.3";
  for (size_t k = 0; k < 3; ++k) second.slices[k].name = concat("other_", k, ".dcm");
  second.slices[1].more = {{"0028,1053", "DS", "x"}};
  testing::write_dicom_series(folder_ / "p", first);
  testing::write_dicom_series(folder_ / "p", second);
  const std::string p = folder_ / "p";
  EXPECT_EQ(Scan::open(p + "#" + first.series_uid)->read().size()[2], 4);
  EXPECT_THAT(error(p + "#1.2.3"), HasSubstr("other_1.dcm: RescaleSlope"));
  // Cut off behind its UID: still known.
  const fs::path cut = folder_ / "p/other_1.dcm";
  const std::string whole = read_text_file(cut);
  write_text_file(cut, whole.substr(0, whole.find(testing::dicom_bytes::tag("0020,0037")) + 20));
  EXPECT_EQ(Scan::open(p + "#" + first.series_uid)->read().size()[2], 4);
  EXPECT_THAT(error(p + "#1.2.3"), HasSubstr("other_1.dcm"));
  // Of no known series: it may be a slice of each beside it.
  write_text_file(cut, whole.substr(0, 300));
  EXPECT_THAT(error(p + "#" + first.series_uid), HasSubstr("other_1.dcm"));
  fs::create_directories(folder_ / "p/elsewhere");
  fs::rename(cut, folder_ / "p/elsewhere/other_1.dcm");
  EXPECT_EQ(Scan::open(p + "#" + first.series_uid)->read().size()[2], 4);
}

TEST_F(DicomSeriesTest, LinksInCirclesAddNothing) {
  testing::write_dicom_series(folder_ / "p/series", Series(4));
  fs::create_directory_symlink("..", folder_ / "p/series/parent");
  fs::create_directory_symlink("series", folder_ / "p/again");
  fs::create_symlink("itself", folder_ / "p/itself");
  EXPECT_EQ(Scan::open(folder_ / "p")->read().size()[2], 4);
  EXPECT_TRUE(is_scan(folder_ / "p"));
  EXPECT_FALSE(is_scan(folder_ / "p/itself"));
  EXPECT_EQ(files_below(folder_ / "p").size(), 4u);
}

TEST_F(DicomSeriesTest, AFolderGoesByItsNameHoweverItIsWritten) {
  testing::write_dicom_series(folder_ / "p1", Series(3));
  fs::create_directories(folder_ / "p1/below");
  fs::create_directory_symlink("p1", folder_ / "linked");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "p1/below");
  EXPECT_EQ(scan_stem(".."), "p1");
  fs::current_path("..");
  EXPECT_EQ(scan_stem("."), "p1");
  EXPECT_EQ(scan_stem(".#1"), "p1_1");
  fs::current_path(before);
  EXPECT_EQ(scan_stem(folder_ / "linked"), "linked");
}

TEST_F(DicomSeriesTest, PatientsAreToldApartAndNeverNamed) {
  Series a(3), b(3);
  b.patient_id = "ID^18";
  testing::write_dicom_series(folder_ / "a", a);
  testing::write_dicom_series(folder_ / "a2", a);
  testing::write_dicom_series(folder_ / "b", b);
  const std::string key = Scan::open(folder_ / "a")->patient_key();
  EXPECT_EQ(key, Scan::open(folder_ / "a2")->patient_key());
  EXPECT_NE(key, Scan::open(folder_ / "b")->patient_key());
  EXPECT_THAT(key, Not(HasSubstr(a.patient_id)));
  a.patient_id = "";
  testing::write_dicom_series(folder_ / "none", a);
  EXPECT_EQ(Scan::open(folder_ / "none")->patient_key(), "");
  a.slices[2].position = a.slices[1].position;
  EXPECT_THAT(error_of(a), AllOf(Not(HasSubstr("Secret")), Not(HasSubstr("1950"))));
}

TEST_F(DicomSeriesTest, RealSlicesWithAGap) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  EXPECT_THAT(error(*data / "chaos_metrics/DICOM_anon"), AllOf(HasSubstr("missing"), HasSubstr("i0077,0000b.dcm")));
  const Series none(0);
  fs::create_directories(folder_ / "two");
  for (const char* name : {"i0000,0000b.dcm", "i0001,0000b.dcm"})
    fs::copy_file(*data / "chaos_metrics/DICOM_anon" / name, folder_ / "two" / name);
  const Image image = Scan::open(folder_ / "two")->read();
  EXPECT_EQ(image.size(), (Size3{512, 512, 2}));
  EXPECT_NEAR(*std::min_element(image.voxels.begin(), image.voxels.end()), -1000, 100);
}

TEST_F(DicomSeriesTest, EachHeaderIsReadOnceWhateverIsAsked) {
  Series scout(1);
  scout.series_uid = "1.2.9";
  testing::write_dicom_series(folder_ / "p/CT", Series(6));
  testing::write_dicom_series(folder_ / "p/SCOUT", scout);
  const int64_t before = dicom_headers_read();
  const ScanPtr scan = Scan::open(folder_ / "p");
  EXPECT_EQ(scan->channel_count(), 1);
  EXPECT_EQ(dicom_headers_read() - before, 0);
  EXPECT_EQ(scan->all_series().size(), 2u);
  EXPECT_EQ(scan->files().size(), 6u);
  EXPECT_EQ(scan->geometry().size[2], 6);
  EXPECT_NE(scan->patient_key(), "");
  EXPECT_EQ(scan->read().size()[2], 6);
  EXPECT_EQ(dicom_headers_read() - before, 7);
  EXPECT_EQ(scan->open_below(folder_ / "p/CT")->read().voxels, scan->read().voxels);
  EXPECT_EQ(scan->open_below(folder_ / "p/CT")->all_series().size(), 1u);
  EXPECT_EQ(dicom_headers_read() - before, 7);
  EXPECT_EQ(Scan::open(folder_ / "p/CT")->all_series().size(), 1u);
  EXPECT_EQ(dicom_headers_read() - before, 13) << "what is opened anew is read anew";
}

TEST_F(DicomSeriesTest, NumbersOfThePlaceThatAreNone) {
  for (const std::string bad : {"nan", "inf", "-inf", "1e999"}) {
    const std::vector<std::array<std::string, 3>> places{{"0020,0032", bad + "\\0\\2", "ImagePositionPatient"},
                                                         {"0020,0037", "1\\0\\0\\0\\" + bad + "\\0", "ImageOrientationPatient"},
                                                         {"0028,0030", "0.7\\" + bad, "PixelSpacing"}};
    for (const auto& [tag, value, name] : places) {
      Series series(3);
      series.slices[1].more = {{tag, "DS", value}};
      EXPECT_THAT(error_of(series), HasSubstr("slice_1.dcm: " + name + ": found '" + bad + "'"));
    }
  }
}

}  // namespace tss::series_test
