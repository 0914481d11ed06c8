#include "textsemiseg/workflows/scan_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/dicom/header.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"

namespace tss::scan_files_test {
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
namespace fs = std::filesystem;

class ScanFiles : public ::testing::Test {
 protected:
  void image_at(const std::string& name) const { write_label_map(folder_ / name, LabelMap(geometry_)); }
  std::vector<std::string> ids(const std::string& input, int64_t channels = 1) const {
    std::vector<std::string> out;
    for (const InputScan& scan : find_inputs((folder_ / input).string(), channels)) out.push_back(scan.id);
    return out;
  }
  testing::TemporaryFolder folder_;
  Geometry geometry_{{3, 4, 2}, {1, 1, 1}, {}, {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}};
};

TEST_F(ScanFiles, DicomFoldersAreScans) {
  testing::write_dicom_series(folder_ / "cohort/p1/study/series", testing::DicomSeries(3));
  testing::write_dicom_series(folder_ / "cohort/p2", testing::DicomSeries(3));
  image_at("cohort/p3.nii.gz");
  EXPECT_THAT(ids("cohort"), ElementsAre("p1", "p2", "p3"));
  EXPECT_THAT(ids("cohort/p1"), ElementsAre("p1"));
  EXPECT_THAT(ids("cohort/p1/"), ElementsAre("p1"));
  EXPECT_THAT(ids("cohort/p1/study/series"), ElementsAre("series"));
  EXPECT_THAT(ids("cohort/p2#1"), ElementsAre("p2_1"));
  EXPECT_EQ(find_inputs(folder_ / "cohort/p1", 1)[0].channels[0]->read().size()[2], 3);
  EXPECT_THAT(input_error_of([&] { ids("cohort/p2/slice_0.dcm"); }), HasSubstr("is a single DICOM slice; expected the folder"));
  EXPECT_THAT(input_error_of([&] { ids("none"); }), HasSubstr("does not exist"));
  image_at("cohort/p2.nii.gz");
  EXPECT_THAT(input_error_of([&] { ids("cohort"); }), HasSubstr("a folder and a file of the name p2"));
}

TEST_F(ScanFiles, SlicesOfSeveralSeriesInOneFolderAreOneQuestion) {
  testing::DicomSeries a(3), b(3);
  b.series_uid = "1.2.3";
  for (auto& slice : b.slices) slice.name = "b" + slice.name;
  testing::write_dicom_series(folder_ / "export", a);
  testing::write_dicom_series(folder_ / "export", b);
  const auto scans = find_inputs(folder_ / "export", 1);
  ASSERT_EQ(scans.size(), 1u);
  EXPECT_THAT(input_error_of([&] { scans[0].channels[0]->read(); }), HasSubstr("holds 2 DICOM series"));
  // In folders of their own they are scans of their own.
  testing::write_dicom_series(folder_ / "apart/a", a);
  testing::write_dicom_series(folder_ / "apart/b", b);
  EXPECT_THAT(ids("apart"), ElementsAre("a", "b"));
}

TEST_F(ScanFiles, LabelsBesideScansAreNoScans) {
  testing::write_dicom_series(folder_ / "p1", testing::DicomSeries(3));
  image_at("p1/label.nii.gz");
  const auto scans = find_inputs(folder_ / "p1", 1);
  ASSERT_EQ(scans.size(), 1u);
  EXPECT_EQ(scans[0].id, "p1");
  EXPECT_EQ(scans[0].channels.front()->path(), folder_ / "p1");
  for (const char* name : {"plain/a.nii.gz", "plain/a_seg.nii.gz", "plain/label.nii.gz", "plain/lone_mask.nii.gz"})
    image_at(name);
  EXPECT_THAT(ids("plain"), ElementsAre("a", "lone_mask"));
  image_at("only/label.nii.gz");
  EXPECT_THAT(ids("only"), ElementsAre("label"));
}

TEST_F(ScanFiles, ChannelsAreCountedFromZero) {
  for (const char* name : {"gap/a_0000.nii.gz", "gap/a_0002.nii.gz", "first/a_0000.nii.gz", "first/b_0001.nii.gz"})
    image_at(name);
  EXPECT_THAT(input_error_of([&] { ids("gap", 2); }), HasSubstr("a: has a channel 2 and no channel 1"));
  EXPECT_THAT(input_error_of([&] { ids("first", 1); }), HasSubstr("b: has a channel 1 and no channel 0"));
}

TEST_F(ScanFiles, ScoutsAreNoScans) {
  testing::DicomSeries scout(1);
  scout.series_uid = "1.2.9";
  testing::write_dicom_series(folder_ / "p1/CT", testing::DicomSeries(3));
  testing::write_dicom_series(folder_ / "p1/SCOUT", scout);
  EXPECT_THAT(ids("p1"), ElementsAre("p1"));
  EXPECT_EQ(find_inputs(folder_ / "p1", 1)[0].channels[0]->read().size()[2], 3);
  testing::DicomSeries second(3);
  second.series_uid = "1.2.8";
  testing::write_dicom_series(folder_ / "p1/CT2", second);
  EXPECT_THAT(ids("p1"), ElementsAre("CT", "CT2"));
}

TEST_F(ScanFiles, OneFileMayHoldAllChannels) {
  const std::vector<float> values(2 * 24, 1);
  write_npy(folder_ / "x.npy", NpyType::kFloat32, {2, 3, 4, 2}, values.data());
  EXPECT_THAT(ids("x.npy", 2), ElementsAre("x"));
  EXPECT_THAT(ids("", 2), ElementsAre("x"));
  EXPECT_THAT(input_error_of([&] { ids("x.npy", 3); }), HasSubstr("x.npy: has 2 channel(s); expected 3, as in training"));
}

TEST_F(ScanFiles, PairsIgnoreTheFormat) {
  image_at("reference/p.nii.gz");
  image_at("prediction/p.seg.nrrd");
  const auto pairs = pair_files(folder_ / "reference", folder_ / "prediction");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].id, "p");
}

TEST_F(ScanFiles, HeadersOfACohortAreReadOnce) {
  testing::write_dicom_series(folder_ / "cohort/p1/study/series", testing::DicomSeries(3));
  testing::DicomSeries other(4);
  other.series_uid = "1.2.8";
  testing::write_dicom_series(folder_ / "cohort/p2", other);
  testing::write_dicom_series(folder_ / "one/study/series", testing::DicomSeries(5));
  const auto headers_of = [&](const std::string& input) {
    const int64_t before = dicom_headers_read();
    for (const InputScan& scan : find_inputs(folder_ / input, 1)) scan.channels.front()->read();
    return dicom_headers_read() - before;
  };
  EXPECT_EQ(headers_of("cohort"), 7);
  EXPECT_EQ(headers_of("one"), 5);
  EXPECT_EQ(headers_of("one/study/series"), 5);
  image_at("cohort/p3.nii.gz");
  EXPECT_EQ(headers_of("cohort"), 7);
}

TEST_F(ScanFiles, LabelsOfOtherWordsAreNoScansEither) {
  for (const char* name : {"acdc/p1.nii.gz", "acdc/p1_gt.nii.gz", "lits/volume-0.nii", "lits/segmentation-0.nii"}) image_at(name);
  EXPECT_THAT(ids("acdc"), ElementsAre("p1"));
  EXPECT_THAT(ids("lits"), ElementsAre("volume-0"));
}

TEST_F(ScanFiles, PatientsMayBeNumberedLikeChannels) {
  for (const char* name : {"in/la_0000.nii.gz", "in/la_0001.nii.gz"}) image_at(name);
  EXPECT_THAT(input_error_of([&] { ids("in"); }), HasSubstr("--one-channel where each file is a scan of its own"));
  EXPECT_EQ(find_inputs(folder_ / "in", 1, true).size(), 2u);
  EXPECT_THAT(input_error_of([&] { find_inputs(folder_ / "in", 2, true); }), HasSubstr("--one-channel"));
  geometry_.spacing = {2, 2, 2};  // channels of one case lie on one grid
  image_at("in/la_0001.nii.gz");
  EXPECT_THAT(ids("in"), ElementsAre("la_0000", "la_0001"));
}

TEST_F(ScanFiles, LabelMapsGoBeforeProbabilitiesOfTheirName) {
  image_at("reference/c0.nii.gz");
  image_at("prediction/c0.nii.gz");
  write_text_file(folder_ / "prediction/c0.npz", "");
  write_text_file(folder_ / "prediction/c0.pkl", "");
  const auto pairs = pair_files(folder_ / "reference", folder_ / "prediction");
  ASSERT_EQ(pairs.size(), 1u);
  EXPECT_EQ(pairs[0].prediction.filename(), "c0.nii.gz");
}

TEST_F(ScanFiles, NamesThatAreNotUtf8AreRefused) {
  image_at("bad/M\xfcller.nii.gz");
  EXPECT_THAT(input_error_of([&] { ids("bad"); }), HasSubstr("'M\\xfcller' is not UTF-8"));
  EXPECT_THAT(input_error_of([&] { pair_files(folder_ / "bad", folder_ / "bad"); }), HasSubstr("is not UTF-8"));
}

}  // namespace tss::scan_files_test
