#include "textsemiseg/checks/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "support/dataset_files.h"
#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/checks/case_findings.h"
#include "textsemiseg/checks/label_fit.h"
#include "textsemiseg/checks/population_findings.h"
#include "textsemiseg/checks/repairs.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/volume/crop_pad.h"

namespace tss::check_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// A sound source of twelve cases; each test breaks one thing and expects one finding.
class SourceCheckTest : public ::testing::Test {
 protected:
  static constexpr Size3 kSize{20, 18, 16};

  void SetUp() override {
    set_log_level(LogLevel::kQuiet);
    Json json = {{"name", "boxes"},
                 {"modality", {{"0", "CT"}}},
                 {"labels", labels_to_json({"background", "liver", "spleen"})},
                 {"training", Json::array()}};
    for (int64_t i = 0; i < 12; ++i) {
      const std::string file = testing::case_id(i) + ".nii.gz";
      write_image(image(i), testing::noise_image(kSize, static_cast<uint64_t>(i)));
      write_label_map(label(i), testing::box_labels(kSize, 3));
      json["training"].push_back({{"image", "./imagesTr/" + file}, {"label", "./labelsTr/" + file}});
    }
    write_json(folder_ / "dataset.json", json);
  }
  fs::path image(int64_t i) const { return folder_ / "imagesTr" / (testing::case_id(i) + ".nii.gz"); }
  fs::path label(int64_t i) const { return folder_ / "labelsTr" / (testing::case_id(i) + ".nii.gz"); }
  // An image or a label read, changed and written again.
  template <class Change>
  void change(const fs::path& file, const Change& change_it) {
    Image one = read_image(file);
    change_it(one);
    write_image(file, one);
  }
  CheckReport check() const {
    const Source source = open_source(folder_.path());
    return check_source(source, {source.class_names, source.label_table}, {true, false, 2});
  }
  // The only finding.
  Finding only() const {
    const CheckReport report = check();
    EXPECT_EQ(report.findings.size(), 1u) << to_json(report).at("findings").dump(1);
    return report.findings.empty() ? Finding{} : report.findings.front();
  }
  void expect_only(Severity severity, const std::string& code, int64_t i, const std::string& words) const {
    const Finding found = only();
    EXPECT_EQ(found.code, code);
    EXPECT_EQ(severity_name(found.severity), std::string(severity_name(severity)));
    EXPECT_THAT(found.cases, ElementsAre(testing::case_id(i)));
    EXPECT_THAT(found.message, HasSubstr(words));
    EXPECT_FALSE(found.advice.empty());
    EXPECT_THAT(found.message + found.advice, Not(HasSubstr("\n")));
  }
  testing::TemporaryFolder folder_;
};

// Reading it once ended the program.
TEST_F(SourceCheckTest, AScanWithoutAPlaceIsAFindingAndTheOthersAreLookedAt) {
  write_image(folder_ / "plain.nii", read_image(image(5)));
  std::string bytes = read_text_file(folder_ / "plain.nii");
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const size_t at : {size_t{268}, size_t{292}})
    bytes.replace(at, 4, reinterpret_cast<const char*>(&nan), 4);  // qoffset_x, srow_x[3]
  fs::remove(folder_ / "plain.nii");
  write_text_file(image(5), bytes);
  expect_only(Severity::kError, "unreadable", 5, ": found nan; expected a finite number");
  change(image(7), [](Image& one) { one.voxels[0] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_EQ(check().of("non_finite").size(), 1u);
}

TEST_F(SourceCheckTest, ASoundSourcePasses) {
  const CheckReport report = check();
  EXPECT_THAT(report.findings, IsEmpty()) << to_json(report).at("findings").dump(1);
  EXPECT_TRUE(report.sound());
  ASSERT_EQ(report.classes.size(), 3u);
  EXPECT_EQ(report.classes[1].labels, 12);
  int64_t voxels = 0;
  for (const ClassPresence& one : report.classes) voxels += one.voxels;
  EXPECT_EQ(voxels, 12 * 20 * 18 * 16);
  const Json json = to_json(report);
  EXPECT_EQ(json.at("cases").size(), 12u);
  EXPECT_EQ(json.at("sound"), true);
}

TEST_F(SourceCheckTest, AShiftedLabel) {
  change(label(3), [](Image& one) { one.geometry.origin[2] += 2; });
  expect_only(Severity::kError, "grid_mismatch", 3, "origin (0, 0, 0) mm against (0, 0, 2) mm (tolerance 0.05 voxels)");
}

TEST_F(SourceCheckTest, AMirroredLabel) {
  change(label(3), [](Image& one) {
    one.geometry.direction[0][0] = -1;
    one.geometry.origin[0] = 1;
  });
  const Finding found = only();
  EXPECT_EQ(found.code, "grid_mismatch");
  EXPECT_THAT(found.message, HasSubstr("the axes run RAS against LAS"));
}

TEST_F(SourceCheckTest, WhatPrepareTurnsOrPlacesIsNoError) {
  change(label(3), [](Image& one) {  // the same places, stored from the other end
    one.geometry.direction[0][0] = -1;
    one.geometry.origin[0] = 19;
  });
  expect_only(Severity::kNote, "label_axes", 3, "stored with axes LAS, the image with RAS, on the same grid");
  write_label_map(label(3), testing::box_labels(kSize, 3));
  change(image(3), [](Image& one) { one.geometry.origin = {-30, 12, 7}; });
  expect_only(Severity::kWarning, "label_placed", 3, "has no origin of its own");
}

// The image was registered to another one (sform) and keeps its place in the scanner (qform); the label was saved with the sform alone.
TEST_F(SourceCheckTest, ALabelOnTheOtherAffineOfItsImageIsPlacedByFix) {
  std::string bytes = read_gzip_text(image(3), 1 << 20);
  constexpr size_t kSformCode = 254, kShift = 292;  // of nifti1.h: sform_code, srow_x[3]
  const int16_t aligned = 2;
  float shift = 0;
  std::memcpy(&shift, bytes.data() + kShift, sizeof shift);
  shift += 10;
  std::memcpy(bytes.data() + kSformCode, &aligned, sizeof aligned);
  std::memcpy(bytes.data() + kShift, &shift, sizeof shift);
  write_text_file(image(3), gzip(bytes));
  change(label(3), [](Image& one) { one.geometry.origin[0] += 10; });
  expect_only(Severity::kError, "grid_other_affine", 3, "it lies on the grid of the other affine of");
  const testing::TemporaryFolder place;
  const auto repairs = repair_source(open_source(folder_.path()), check().findings, place / "fixed");
  ASSERT_EQ(repairs.size(), 1u);
  EXPECT_THAT(repairs[0].what, HasSubstr("placed by the affine of the image that is used"));
  const fs::path fixed = place / "fixed/labelsTr" / (testing::case_id(3) + ".nii.gz");
  EXPECT_EQ(grid_difference(Scan::open(fixed)->geometry(), Scan::open(image(3))->geometry()), "");
  EXPECT_EQ(Scan::open(fixed)->read().voxels, Scan::open(label(3))->read().voxels);
}

TEST_F(SourceCheckTest, ALabelOfAnotherSize) {
  write_label_map(label(3), testing::box_labels({20, 18, 15}, 3));
  expect_only(Severity::kError, "grid_mismatch", 3, "size 20 x 18 x 16 voxels against 20 x 18 x 15 voxels");
}

TEST_F(SourceCheckTest, AHeaderRoundedOnItsWay) {
  change(label(3), [](Image& one) { one.geometry.origin = {0.06, -0.03, 0.02}; });
  expect_only(Severity::kError, "grid_rounding", 3, "corners at most 0.060 voxels apart, which is rounding");
}

TEST_F(SourceCheckTest, ValuesThatAreNoClass) {
  change(label(5), [](Image& one) { one.voxels[7] = one.voxels[8] = 255; });
  expect_only(Severity::kError, "label_unknown", 5, "255 (2 voxels), which is no class");
}

TEST_F(SourceCheckTest, InterpolatedAndRoundedLabels) {
  change(label(5), [](Image& one) { one.voxels[7] = 0.5f; });
  expect_only(Severity::kError, "label_values", 5, "0.5 (1 voxel); expected whole numbers");
  change(label(5), [](Image& one) { one.voxels[7] = 1.0004f; });
  expect_only(Severity::kError, "label_rounding", 5, "1.0004 (1 voxel), whole numbers but for rounding");
}

TEST_F(SourceCheckTest, AnEmptyLabel) {
  change(label(5), [](Image& one) { std::fill(one.voxels.begin(), one.voxels.end(), 0.0f); });
  expect_only(Severity::kWarning, "label_empty", 5, "holds background only");
}

TEST_F(SourceCheckTest, AClassThatNearlyAllOthersHave) {
  change(label(5), [](Image& one) {
    for (float& v : one.voxels) v = v == 2 ? 0 : v;
  });
  expect_only(Severity::kWarning, "class_missing", 5, "class 2 'spleen' is not in its label; 11 of 12 cases have it");
}

TEST_F(SourceCheckTest, AClassInNoLabel) {
  Json json = read_json(folder_ / "dataset.json");
  json["labels"]["3"] = "pancreas";
  write_json(folder_ / "dataset.json", json);
  const Finding found = only();
  EXPECT_EQ(found.code, "class_absent");
  EXPECT_EQ(found.message, "class 3 'pancreas' is in no label");
}

TEST_F(SourceCheckTest, ALabelFarLargerThanTheOthers) {
  change(label(5), [](Image& one) {
    for (float& v : one.voxels) v = v == 1 || v == 0 ? 2 : 1;
    int64_t kept = 0;
    for (float& v : one.voxels)
      if (v == 1 && ++kept > 3) v = 2;
  });
  expect_only(Severity::kWarning, "class_volume", 5, "class 1 'liver' fills 3.0 mm^3");
}

TEST_F(SourceCheckTest, NonFiniteVoxels) {
  change(image(5), [](Image& one) {
    one(3, 2, 1) = std::numeric_limits<float>::quiet_NaN();
    one(4, 2, 1) = std::numeric_limits<float>::infinity();
  });
  expect_only(Severity::kError, "non_finite", 5, "2 voxels that are NaN or infinite, the first at (3, 2, 1)");
}

TEST_F(SourceCheckTest, AConstantImage) {
  change(image(5), [](Image& one) { std::fill(one.voxels.begin(), one.voxels.end(), 4.0f); });
  expect_only(Severity::kError, "constant_image", 5, "is 4 everywhere");
}

TEST_F(SourceCheckTest, OtherUnitsAndAnOffset) {
  change(image(5), [](Image& one) {
    for (float& v : one.voxels) v /= 1000;
  });
  expect_only(Severity::kWarning, "intensity_units", 5, "the median case from");
  write_image(image(5), testing::noise_image(kSize, 5, 1124));
  expect_only(Severity::kWarning, "intensity_outlier", 5, "the median case from");
}

TEST_F(SourceCheckTest, AnotherSpacing) {
  for (const fs::path& file : {image(5), label(5)}) change(file, [](Image& one) { one.geometry.spacing[2] = 2.2; });
  write_label_map(label(5), [&] {
    LabelMap one = testing::box_labels(kSize, 3);
    one.geometry.spacing[2] = 2.2;
    return one;
  }());
  expect_only(Severity::kWarning, "spacing_outlier", 5, "spacing 1.0 x 1.0 x 2.2 mm, the median case 1.0 x 1.0 x 1.0 mm");
}

TEST_F(SourceCheckTest, AnotherFieldOfView) {
  write_image(image(5), testing::noise_image({20, 18, 48}, 5));
  write_label_map(label(5), testing::box_labels({20, 18, 48}, 3));
  expect_only(Severity::kWarning, "extent_outlier", 5, "field of view 20.0 x 18.0 x 48.0 mm");
}

TEST_F(SourceCheckTest, AFileThatCannotBeRead) {
  const std::string bytes = read_text_file(image(5));
  std::ofstream(image(5), std::ios::binary) << bytes.substr(0, bytes.size() / 2);
  expect_only(Severity::kError, "unreadable", 5, image(5).string());
}

TEST_F(SourceCheckTest, AnotherCopyAndALeak) {
  fs::copy_file(image(2), image(7), fs::copy_options::overwrite_existing);
  Finding found = only();
  EXPECT_EQ(found.code, "duplicate");
  EXPECT_THAT(found.cases, ElementsAre("case_02", "case_07"));
  EXPECT_THAT(found.message, HasSubstr("case_07 is the same scan as case_02, voxel by voxel"));
  // The same between the training and the test part.
  write_image(image(7), testing::noise_image(kSize, 7));
  write_image(folder_ / "imagesTs" / "new_01.nii.gz", read_image(image(2)));
  write_label_map(folder_ / "labelsTs" / "new_01.nii.gz", testing::box_labels(kSize, 3));
  found = only();
  EXPECT_EQ(found.code, "duplicate_in_two_roles");
  EXPECT_EQ(found.severity, Severity::kError);
  EXPECT_THAT(found.message, HasSubstr("case_02 (training), new_01 (test)"));
}

TEST_F(SourceCheckTest, WithoutNamesGapsAreShown) {
  fs::remove(folder_ / "dataset.json");
  for (int64_t i = 0; i < 12; ++i) {
    change(label(i), [](Image& one) {
      for (float& v : one.voxels) v = v == 2 ? 4 : v;
    });
  }
  const CheckReport report = check();
  ASSERT_EQ(report.of("label_gap").size(), 1u);
  EXPECT_EQ(report.of("label_gap")[0].message, "values 2, 3 are in no label, higher ones are");
  EXPECT_THAT(report.of("classes_unnamed")[0].message, HasSubstr("the values 0, 1, 4"));
  EXPECT_TRUE(report.sound());
}

TEST_F(SourceCheckTest, AChannelCopiedOverAnother) {
  const testing::TemporaryFolder other;
  Json json = {{"channel_names", {{"0", "T1"}, {"1", "T2"}}},
               {"labels", {{"background", 0}, {"tumour", 1}}},
               {"numTraining", 2},
               {"file_ending", ".nii.gz"}};
  write_json(other / "dataset.json", json);
  for (int64_t i = 0; i < 2; ++i) {
    for (int64_t c = 0; c < 2; ++c)
      write_image(other / "imagesTr" / concat(testing::case_id(i), "_000", c, ".nii.gz"),
                  testing::noise_image(kSize, static_cast<uint64_t>(i == 0 ? c : 7)));
    write_label_map(other / "labelsTr" / (testing::case_id(i) + ".nii.gz"), testing::box_labels(kSize, 2));
  }
  const Source source = open_source(other.path());
  const CheckReport report = check_source(source, {source.class_names, source.label_table});
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].code, "channel_repeated");
  EXPECT_THAT(report.findings[0].cases, ElementsAre("case_01"));
}

TEST_F(SourceCheckTest, FixCorrectsWhatIsSafeInACopy) {
  change(label(1), [](Image& one) { one.geometry.origin = {0.07, 0, 0}; });
  change(label(2), [](Image& one) { one.voxels[7] = 1.0004f; });
  change(image(3), [](Image& one) {  // padding at a side, away from the label
    for (int64_t y = 0; y < 18; ++y)
      for (int64_t z = 0; z < 16; ++z) one(0, y, z) = std::numeric_limits<float>::quiet_NaN();
  });
  change(image(4), [](Image& one) { one(9, 9, 9) = std::numeric_limits<float>::quiet_NaN(); });  // inside: nobody knows
  const std::string before =
      read_text_file(label(1)) + read_text_file(label(2)) + read_text_file(image(3)) + read_text_file(image(4));
  const Source source = open_source(folder_.path());
  const testing::TemporaryFolder place;
  const auto repairs = repair_source(source, check().findings, place / "fixed");
  ASSERT_EQ(repairs.size(), 4u);
  EXPECT_THAT(repairs[0].what, HasSubstr("header of the image"));
  EXPECT_THAT(repairs[1].what, HasSubstr("rounded to whole numbers"));
  EXPECT_THAT(repairs[2].what, HasSubstr("288 NaN or infinite voxels of the padding set to"));
  EXPECT_TRUE(repairs[3].file.empty());
  EXPECT_THAT(repairs[3].what, HasSubstr("not all of its NaN and infinite voxels are padding"));
  EXPECT_EQ(read_text_file(label(1)) + read_text_file(label(2)) + read_text_file(image(3)) + read_text_file(image(4)), before);
  const Source fixed = open_source(place / "fixed");
  ASSERT_EQ(fixed.cases.size(), 12u);
  const CheckReport report = check_source(fixed, {fixed.class_names, fixed.label_table});
  ASSERT_EQ(report.findings.size(), 1u) << to_json(report).at("findings").dump(1);
  EXPECT_THAT(report.findings[0].cases, ElementsAre("case_04"));
  EXPECT_THAT(testing::input_error_of([&] { repair_source(source, {}, folder_ / "inside"); }),
              HasSubstr("lies in the source folder"));
  EXPECT_THAT(testing::input_error_of([&] { repair_source(source, {}, place / "fixed"); }), HasSubstr("is not empty"));
}

// A dataset.json may list files by paths that climb: their copies must not.
TEST_F(SourceCheckTest, FixNeverWritesOutsideTheNewFolder) {
  const testing::TemporaryFolder place;
  fs::create_directories(place / "source");
  fs::rename(folder_ / "imagesTr", place / "source/imagesTr");
  fs::rename(folder_ / "labelsTr", place / "labels");
  Json json = read_json(folder_ / "dataset.json");
  for (Json& one : json["training"]) one["label"] = "../labels/" + fs::path(one["image"].get<std::string>()).filename().string();
  write_json(place / "source/dataset.json", json);
  const fs::path outside = place / "labels/case_02.nii.gz";
  change(outside, [](Image& one) { one.voxels[7] = 1.0004f; });
  const std::string before = read_text_file(outside);
  const Source source = open_source(place / "source");
  const CheckReport report = check_source(source, {source.class_names, source.label_table});
  ASSERT_EQ(report.of("label_rounding").size(), 1u);
  EXPECT_THAT(testing::input_error_of([&] { repair_source(source, report.findings, place / "new"); }),
              HasSubstr("labels/case_00.nii.gz lies outside the source folder"));
  EXPECT_EQ(read_text_file(outside), before);
  EXPECT_FALSE(fs::exists(place / "new"));
}

TEST_F(SourceCheckTest, FixKeepsLinksOfTheSourceAndCorrectsBelowThem) {
  const testing::TemporaryFolder place;
  fs::rename(folder_ / "labelsTr", place / "labels");
  fs::create_directory_symlink(place / "labels", folder_ / "labelsTr");
  fs::create_directory_symlink(".", folder_ / "latest");
  fs::create_symlink("itself", folder_ / "itself");
  const std::string before = read_text_file(label(4));
  change(label(2), [](Image& one) { one.voxels[7] = 1.0004f; });
  const auto repairs = repair_source(open_source(folder_.path()), check().findings, place / "fixed/");
  ASSERT_EQ(repairs.size(), 1u);
  EXPECT_EQ(repairs[0].file, place / "fixed/labelsTr/case_02.nii.gz");
  EXPECT_TRUE(fs::is_symlink(place / "fixed/latest"));
  EXPECT_FALSE(fs::is_symlink(repairs[0].file));
  EXPECT_TRUE(fs::is_symlink(place / "fixed/labelsTr/case_04.nii.gz"));
  EXPECT_EQ(read_text_file(label(4)), before);
  EXPECT_EQ(std::distance(fs::directory_iterator(place.path()), {}), 2) << "something temporary is left";
  const Source fixed = open_source(place / "fixed");
  EXPECT_THAT(check_source(fixed, {fixed.class_names, fixed.label_table}).findings, IsEmpty());
}

TEST(Patients, NamesOfOnePatient) {
  EXPECT_EQ(patient_of_name("patient012_frame01"), "patient012");
  EXPECT_EQ(patient_of_name("sub-07_ses-2"), "sub-07");
  EXPECT_EQ(patient_of_name("brats_2013_pat0003_1"), "brats_2013_pat0003");
  EXPECT_EQ(patient_of_name("case12_left"), "case12");
  for (const char* id : {"hippocampus_001", "image0057", "STS_001", "BraTS2021_00002", "LUNG1-001"})
    EXPECT_EQ(patient_of_name(id), "") << id;
}

TEST(Patients, InTwoRoles) {
  std::vector<CaseFacts> cases(6);
  for (size_t i = 0; i < 6; ++i) {
    cases[i].id = concat("s", i);
    cases[i].role = i < 3 ? Role::kLabelled : Role::kTest;
  }
  cases[0].patient = cases[1].patient = "p";  // both in training
  std::vector<Finding> findings;
  judge_patients(cases, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "patient_repeated");
  cases[4].patient = "p";
  findings.clear();
  judge_patients(cases, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "patient_in_two_roles");
  EXPECT_EQ(findings[0].severity, Severity::kError);
  EXPECT_THAT(findings[0].cases, ElementsAre("s0", "s1", "s4"));
  // By name only: a warning.
  cases[0].patient = cases[1].patient = cases[4].patient = "";
  cases[0].id = "pat1_frame01";
  cases[4].id = "pat1_frame12";
  findings.clear();
  judge_patients(cases, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "patient_names");
  EXPECT_EQ(findings[0].severity, Severity::kWarning);
}

TEST(Patients, OfDicomSeriesWithoutTheirNamesGettingOut) {
  const testing::TemporaryFolder folder;
  Source source;
  source.folder = folder.path();
  for (int i = 0; i < 3; ++i) {
    testing::DicomSeries series;
    series.patient_id = i == 1 ? "Mary^99" : "John^17";
    series.series_uid += concat(".", i);
    series.stored = [i](int column, int row, int slice) {
      return static_cast<int16_t>(7 * column * (i + 1) + 3 * row + 11 * slice);
    };
    testing::write_dicom_series(folder / concat("scan", i), series);
    source.cases.push_back({concat("scan", i), {folder / concat("scan", i)}, {}, i == 2});
  }
  const CheckReport report = check_source(source, {});
  ASSERT_EQ(report.of("patient_in_two_roles").size(), 1u) << to_json(report).at("findings").dump(1);
  EXPECT_EQ(report.of("patient_in_two_roles")[0].message, "one patient by DICOM: scan0 (training), scan2 (test)");
  EXPECT_THAT(to_json(report).dump(), Not(HasSubstr("John")));
}

TEST(Population, ManyOutliersAreOneNote) {
  std::vector<CaseFacts> cases(12);
  for (size_t i = 0; i < 12; ++i) {
    cases[i].id = concat("s", i);
    cases[i].readable = true;
    cases[i].geometry.size = {10, 10, 10};
    cases[i].channels.resize(1);
    cases[i].channels[0] = {0, 0, 5, i < 4 ? 1000.0 : 10.0, 2000, 5, 1, 0, {}, i};
  }
  std::vector<Finding> findings;
  judge_population(cases, {}, findings);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].severity, Severity::kNote);
  EXPECT_EQ(findings[0].cases.size(), 4u);
}

// Bodies off the centre with an organ of their own contrast; the labels may be mirrored as loaders without geometry leave them.
class LabelFitTest : public ::testing::Test {
 protected:
  CaseFacts one(int64_t i, std::array<bool, 3> mirrored) const {
    Image image = testing::noise_image({24, 20, 18}, static_cast<uint64_t>(i));
    std::vector<uint8_t> mask(image.voxels.size());
    for (int64_t x = 4; x < 11; ++x)
      for (int64_t y = 3; y < 10 + i % 3; ++y)
        for (int64_t z = 8; z < 15; ++z) {
          image(x, y, z) += 60;
          mask[image.offset(mirrored[0] ? 23 - x : x, mirrored[1] ? 19 - y : y, mirrored[2] ? 17 - z : z)] = 1;
        }
    CaseFacts facts;
    facts.id = testing::case_id(i);
    facts.fit = label_fit(image, mask);
    return facts;
  }
  static std::vector<Finding> judged(const std::vector<CaseFacts>& cases) {
    std::vector<Finding> findings;
    judge_label_fit(cases, findings);
    return findings;
  }
};

TEST_F(LabelFitTest, LabelsThatFitAreFine) {
  std::vector<CaseFacts> cases;
  for (int64_t i = 0; i < 10; ++i) cases.push_back(one(i, {false, false, false}));
  EXPECT_EQ((*cases[0].fit)[0], 1);
  EXPECT_LT((*cases[0].fit)[1], 0.8);
  EXPECT_THAT(judged(cases), IsEmpty());
}

TEST_F(LabelFitTest, OneMirroredLabelStandsOut) {
  std::vector<CaseFacts> cases;
  for (int64_t i = 0; i < 10; ++i) cases.push_back(one(i, {false, i == 6, false}));
  const auto findings = judged(cases);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "label_mirrored");
  EXPECT_THAT(findings[0].cases, ElementsAre("case_06"));
  EXPECT_THAT(findings[0].message, HasSubstr("mirrored along y"));
}

TEST_F(LabelFitTest, AllMirroredIsAnError) {
  std::vector<CaseFacts> cases;
  for (int64_t i = 0; i < 10; ++i) cases.push_back(one(i, {true, false, true}));
  const auto findings = judged(cases);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].code, "labels_mirrored");
  EXPECT_EQ(findings[0].severity, Severity::kError);
  EXPECT_THAT(findings[0].message, HasSubstr("in 10 of 10 cases"));
  EXPECT_THAT(findings[0].message, HasSubstr("mirrored along x and z"));
}

// Of a case as check reads it: the label may have axes of its own, or have lost its place.
TEST(LabelFitOfACase, IsMeasuredOnTheImagesGridWhateverTheLabelsHeader) {
  const testing::TemporaryFolder folder;
  Image image = testing::noise_image({24, 20, 18}, 1);
  image.geometry.origin = {-30, 12, 7};
  LabelMap label(image.geometry);
  for (int64_t x = 4; x < 11; ++x)
    for (int64_t y = 3; y < 10; ++y)
      for (int64_t z = 8; z < 15; ++z) {
        image(x, y, z) += 60;
        label(23 - x, y, z) = 1;  // mirrored along x
      }
  write_image(folder / "a.nii.gz", image);
  const SourceCase item{"a", {folder / "a.nii.gz"}, folder / "a_label.nii.gz", false};
  const auto fit_of = [&](const Geometry& header) {
    LabelMap stored = label;
    stored.geometry = header;
    write_label_map(item.label, stored);
    std::vector<Finding> findings;
    return inspect_case(item, {}, {}, findings).fit;
  };
  const auto expected = fit_of(image.geometry);
  ASSERT_TRUE(expected);
  EXPECT_GT((*expected)[1], 1.5);
  Geometry header = image.geometry;
  header.origin = {0, 0, 0};
  EXPECT_EQ(fit_of(header), expected);  // laid on the image
  header.origin = {5, 5, 5};
  EXPECT_EQ(fit_of(header), expected);  // an error of its own; voxel by voxel it would be this
  header = image.geometry;
  header.direction[0][0] = -1;
  header.origin[0] += 23;
  ASSERT_TRUE(fit_of(header));  // stored from the other end: prepare turns it, and then it fits
  EXPECT_LT((*fit_of(header))[1], 0.8);
}

class DatasetCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log_level(LogLevel::kQuiet);
    PhantomOptions phantom;
    phantom.labelled = 5;
    phantom.unlabelled = 2;
    phantom.test = 2;
    phantom.size = {24, 24, 20};
    write_phantom(folder_ / "raw", phantom);
    prepare();
  }
  void prepare() {
    PrepareOptions options;
    options.source = folder_ / "raw";
    options.dataset = folder_ / "dataset";
    options.recipe = recipe_from_name("ct_soft_tissue");
    options.split.labelled = "3";
    options.split.validation = "2";
    options.overwrite = true;
    prepare_dataset(options);
  }
  // Names a class of the source, and prepares it again.
  void name(const std::string& value, const std::string& name) {
    Json json = read_json(folder_ / "raw" / "dataset.json");
    json["labels"][value] = name;
    write_json(folder_ / "raw" / "dataset.json", json);
    prepare();
  }
  CheckReport check() { return check_dataset(folder_ / "dataset"); }
  std::vector<std::string> messages(const std::string& code) {
    std::vector<std::string> out;
    for (const Finding& one : check().of(code)) out.push_back(one.message);
    return out;
  }
  testing::TemporaryFolder folder_;
};

TEST_F(DatasetCheckTest, ASoundDatasetIsCountedAndPasses) {
  const CheckReport found = check();
  EXPECT_TRUE(found.sound());
  ASSERT_EQ(found.classes.size(), 4u);
  int64_t voxels = 0;
  for (const ClassPresence& one : found.classes) {
    EXPECT_EQ(one.cases.at(Role::kLabelled), 3);
    voxels += one.voxels;
  }
  EXPECT_EQ(voxels, (3 + 2 + 2) * 24 * 24 * 20);
  EXPECT_THAT(found.of("duplicate"), IsEmpty());
}

TEST_F(DatasetCheckTest, NamesWithoutMeaningAreWarnedOf) {
  name("2", "ROI_2");
  EXPECT_THAT(messages("class_names"), ElementsAre(HasSubstr("'ROI_2' is a name that says nothing")));
}

TEST_F(DatasetCheckTest, AClassThatNoLabelledCaseShowsIsAnError) {
  name("4", "gallbladder");
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(messages("class_absent"), ElementsAre("class 4 'gallbladder' is in no labelled case"));
  EXPECT_THAT(messages("class_not_scored"),
              ElementsAre("class 4 'gallbladder' is in no validation case", "class 4 'gallbladder' is in no test case"));
}

TEST_F(DatasetCheckTest, AScanInTrainingAndTestIsAnErrorAlsoAfterACrop) {
  const Dataset dataset = Dataset::open(folder_ / "dataset");
  const fs::path from = dataset.source(dataset.cases(Role::kLabelled)[0]).images.front();
  const SourceCase to = dataset.source(dataset.cases(Role::kTest)[0]);
  const Image crop = crop_or_pad(read_image(from), Box{{1, 0, 0}, {23, 24, 20}});
  LabelMap label = crop_or_pad(read_label_map(to.label), Box{{1, 0, 0}, {23, 24, 20}});
  label.geometry = crop.geometry;
  write_image(to.images.front(), crop);
  write_label_map(to.label, label);
  prepare();
  EXPECT_FALSE(check().sound());
  EXPECT_THAT(messages("duplicate_in_two_roles"), ElementsAre(HasSubstr("is a crop (96 %) of")));
}

TEST_F(DatasetCheckTest, FullFindsAFileWithAnotherContentOfTheSameSizeAndTime) {
  const Dataset dataset = Dataset::open(folder_ / "dataset");
  const std::string id = dataset.cases(Role::kLabelled)[0];
  // The record claims another content; the samples, which are all that is usually read, agree.
  const fs::path record =
      Cache(folder_ / "dataset", dataset.recipe(), dataset.classes(), dataset.label_table()).folder_of(id) / "case.json";
  Json json = read_json(record);
  json["source"][0]["content"] = "0123456789abcdef";
  write_json(record, json);
  EXPECT_TRUE(check().sound());
  CheckOptions options;
  options.full = true;
  const auto found = check_dataset(folder_ / "dataset", "", options).of("source_changed");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(found[0].cases, ElementsAre(id));
}

}  // namespace tss::check_test
