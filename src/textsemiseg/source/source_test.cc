#include "textsemiseg/source/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/archive/npy_file.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/io/scan.h"

namespace tss::source_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

const Size3 kSize{6, 5, 4};

void image_at(const fs::path& path) { write_image(path, testing::noise_image(kSize, 1)); }
void label_at(const fs::path& path) { write_label_map(path, testing::box_labels(kSize, 2)); }

std::vector<std::string> ids(const Source& source) {
  std::vector<std::string> out;
  for (const SourceCase& item : source.cases) out.push_back(item.id + (item.label.empty() ? "" : "+") + (item.test ? "t" : ""));
  return out;
}

TEST(Source, DecathlonFolderWithAndWithoutLabels) {
  const TemporaryFolder folder;
  testing::write_msd(folder.path(), 3, 2);
  image_at(folder / "imagesTr/extra.nii.gz");       // not listed, no label
  image_at(folder / "imagesTr/extra_with.nii.gz");  // not listed, a label
  label_at(folder / "labelsTr/extra_with.nii.gz");
  std::ofstream(folder / "imagesTr/._case_00.nii.gz") << "as macOS leaves them";
  const Source source = open_source(folder.path());
  EXPECT_EQ(source.layout, "MSD");
  EXPECT_THAT(ids(source), ElementsAre("case_00+", "case_01+", "case_02", "extra", "extra_with+"));
  EXPECT_THAT(source.class_names, ElementsAre("background", "head", "tail"));
}

TEST(Source, ListedLabelsThatAreGoneMakeTheCaseUnlabelled) {
  const TemporaryFolder folder;
  testing::write_msd(folder.path(), 3, 3);
  fs::remove(folder / "labelsTr/case_01.nii.gz");
  const Source source = open_source(folder.path());
  EXPECT_THAT(ids(source), ElementsAre("case_00+", "case_01", "case_02+"));
  EXPECT_EQ(source.listed_without_label, 1);
}

TEST(Source, ListedImagesThatAreGoneAreAnError) {
  const TemporaryFolder folder;
  testing::write_msd(folder.path(), 3, 3);
  fs::remove(folder / "imagesTr/case_01.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("imagesTr/case_01.nii.gz: missing, listed in"));
}

TEST(Source, TestImagesCountOnlyWithLabels) {
  const TemporaryFolder folder;
  testing::write_msd(folder.path(), 2, 2);
  image_at(folder / "imagesTs/t1.nii.gz");
  image_at(folder / "imagesTs/t2.nii.gz");
  EXPECT_THAT(ids(open_source(folder.path())), ElementsAre("case_00+", "case_01+"));
  EXPECT_EQ(open_source(folder.path()).test_without_label, 2);
  label_at(folder / "labelsTs/t2.nii.gz");
  EXPECT_THAT(ids(open_source(folder.path())), ElementsAre("case_00+", "case_01+", "t2+t"));
}

TEST(Source, NnunetFolderGroupsChannels) {
  const TemporaryFolder folder;
  write_json(folder / "dataset.json",
             Json::parse(R"({"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "core": 1},
      "file_ending": ".nii.gz"})"));
  for (const std::string id : {"a_001", "b"}) {
    for (const std::string channel : {"_0000", "_0001"}) image_at(folder / ("imagesTr/" + id + channel + ".nii.gz"));
  }
  label_at(folder / "labelsTr/b.nii.gz");
  const Source source = open_source(folder.path());
  EXPECT_EQ(source.layout, "nnU-Net");
  EXPECT_THAT(ids(source), ElementsAre("a_001", "b+"));
  ASSERT_EQ(source.cases[0].images.size(), 2u);
  EXPECT_EQ(source.cases[0].images[1].filename(), "a_001_0001.nii.gz");
  fs::remove(folder / "imagesTr/b_0001.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("case 'b' has 1 channels"));
  fs::rename(folder / "imagesTr/b_0000.nii.gz", folder / "imagesTr/b_0001.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("is channel 1 of case 'b'; expected channel 0"));
}

TEST(Source, OldListsLeaveTheChannelSuffixOut) {
  const TemporaryFolder folder;
  image_at(folder / "imagesTr/a_0000.nii.gz");
  label_at(folder / "labelsTr/a.nii.gz");
  write_json(folder / "dataset.json", Json::parse(R"({"labels": {"0": "background", "1": "core"},
      "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}]})"));
  EXPECT_THAT(ids(open_source(folder.path())), ElementsAre("a+"));
}

TEST(Source, FourDigitsAreNoChannelInTheDecathlonDialect) {
  const TemporaryFolder folder;
  image_at(folder / "imagesTr/image_0012.nii.gz");
  label_at(folder / "labelsTr/image_0012.nii.gz");
  write_json(folder / "dataset.json", Json::parse(R"({"labels": {"0": "background", "1": "core"}})"));
  EXPECT_THAT(ids(open_source(folder.path())), ElementsAre("image_0012+"));
}

TEST(Source, Hdf5CasesInFoldersAndFlat) {
  const TemporaryFolder folder;
  const Image image = testing::noise_image(kSize, 1);
  const LabelMap label = testing::box_labels(kSize, 2);
  write_hdf5_case(folder / "A1/mri_norm2.h5", image, &label);
  write_hdf5_case(folder / "image0057_norm.h5", image, nullptr);
  write_hdf5_case(folder / "lung_003.h5", image, &label);
  const Source source = open_source(folder.path());
  EXPECT_EQ(source.layout, "HDF5");
  EXPECT_THAT(ids(source), ElementsAre("A1+", "image0057", "lung_003+"));
  EXPECT_TRUE(source.class_names.empty());
  EXPECT_EQ(source.cases[0].label, source.cases[0].images[0]);
  write_hdf5_case(folder / "A1/second.h5", image, nullptr);
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("second file of case 'A1'"));
}

TEST(Source, PlainFolders) {
  const TemporaryFolder pairs, folders;
  image_at(pairs / "p1.nii.gz");
  label_at(pairs / "p1_seg.nii.gz");
  image_at(pairs / "p2.nrrd");
  EXPECT_THAT(ids(open_source(pairs.path())), ElementsAre("p1+", "p2"));
  label_at(pairs / "p9_label.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(pairs.path()); }), HasSubstr("is a label without an image"));
  image_at(folders / "images/x.nii.gz");
  image_at(folders / "images/y.nii.gz");
  label_at(folders / "labels/y.nii.gz");
  EXPECT_THAT(ids(open_source(folders.path())), ElementsAre("x", "y+"));
}

TEST(Source, ImagesMayBeDicomFoldersAndArrays) {
  const TemporaryFolder folder;
  testing::write_dicom_series(folder / "images/p1/study/series", testing::DicomSeries(3));
  testing::write_dicom_series(folder / "images/p2", testing::DicomSeries(3));
  label_at(folder / "labels/p2_seg.nii.gz");
  const Source source = open_source(folder.path());
  EXPECT_THAT(ids(source), ElementsAre("p1", "p2+"));
  EXPECT_EQ(source.cases[0].images[0].filename(), "p1");
  EXPECT_EQ(Scan::open(source.cases[0].images[0])->read().size(), (Size3{5, 3, 3}));

  const TemporaryFolder arrays;
  const std::vector<float> values(24, 1);
  const std::vector<uint8_t> labels(24, 1);
  const auto bytes = [](const auto& data) {
    return std::string_view(reinterpret_cast<const char*>(data.data()), data.size() * sizeof(data[0]));
  };
  write_zip(arrays / "a.npz", {{"image.npy", npy_preamble(NpyType::kFloat32, {2, 3, 4}), bytes(values)},
                               {"label.npy", npy_preamble(NpyType::kUint8, {2, 3, 4}), bytes(labels)}});
  write_npy(arrays / "b.npy", NpyType::kFloat32, {2, 3, 4}, values.data());
  write_npy(arrays / "b_label.npy", NpyType::kUint8, {2, 3, 4}, labels.data());
  const Source both = open_source(arrays.path());
  EXPECT_THAT(ids(both), ElementsAre("a+", "b+"));
  EXPECT_EQ(both.cases[0].label, both.cases[0].images[0]);
  EXPECT_EQ(Scan::open(both.cases[0].label)->read_label().voxels, labels);
}

SourceOptions of_channels(std::vector<std::string> channels) {
  SourceOptions options;
  options.channels = std::move(channels);
  return options;
}

TEST(Source, FolderPerCaseAsInBrats) {
  const TemporaryFolder folder;
  for (const std::string id : {"HGG/BraTS19_A_1", "LGG/BraTS19_B_1"}) {
    for (const std::string channel : {"flair", "t1", "t1ce", "t2"})
      image_at(folder / (id + "/" + fs::path(id).filename().string() + "_" + channel + ".nii.gz"));
    label_at(folder / (id + "/" + fs::path(id).filename().string() + "_seg.nii.gz"));
  }
  const Source source = open_source(folder.path());
  EXPECT_EQ(source.layout, "case folders");
  EXPECT_THAT(ids(source), ElementsAre("BraTS19_A_1+", "BraTS19_B_1+"));
  EXPECT_THAT(source.channel_names, ElementsAre("flair", "t1", "t1ce", "t2"));
  const Source two = open_source(folder.path(), of_channels({"t2", "flair"}));
  EXPECT_THAT(two.channel_names, ElementsAre("t2", "flair"));
  EXPECT_EQ(two.cases[0].images[0].filename(), "BraTS19_A_1_t2.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(folder.path(), of_channels({"t9"})); }),
              HasSubstr("BraTS19_A_1: has no channel 't9', only flair"));
  fs::remove(folder / "LGG/BraTS19_B_1/BraTS19_B_1_t1ce.nii.gz");
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("BraTS19_B_1: has no channel 't1ce'"));
  EXPECT_EQ(open_source(folder.path(), of_channels({"flair"})).cases.size(), 2u);
}

TEST(Source, FolderPerCaseAsInTheAtriumChallengeAndFromAScanner) {
  const TemporaryFolder atrium;
  for (const std::string id : {"A1", "B2"}) {
    image_at(atrium / (id + "/lgemri.nrrd"));
    label_at(atrium / (id + "/laendo.nrrd"));
  }
  EXPECT_THAT(ids(open_source(atrium.path())), ElementsAre("A1+", "B2+"));

  const TemporaryFolder scanner;
  testing::write_dicom_series(scanner / "P1/study/series", testing::DicomSeries(3));
  label_at(scanner / "P1/label.nii.gz");
  testing::write_dicom_series(scanner / "P2", testing::DicomSeries(3));
  const Source source = open_source(scanner.path());
  EXPECT_THAT(ids(source), ElementsAre("P1+", "P2"));
  EXPECT_EQ(Scan::open(source.cases[0].images[0])->read().size(), (Size3{5, 3, 3}));
  EXPECT_EQ(Scan::open(source.cases[1].images[0])->read().size(), (Size3{5, 3, 3}));
}

TEST(Source, ErrorsNameTheFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(input_error_of([&] { open_source(folder / "none"); }), HasSubstr("none: no such folder"));
  EXPECT_THAT(input_error_of([&] { open_source(folder.path()); }), HasSubstr("no scans found"));
  std::ofstream(folder / "file") << "x";
  EXPECT_THAT(input_error_of([&] { open_source(folder / "file"); }), HasSubstr("is a file"));
}

TEST(Source, RealFolders) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const Source hippocampus = open_source(*data / "hippocampus");
  EXPECT_EQ(hippocampus.cases.size(), 120u);
  EXPECT_THAT(hippocampus.class_names, ElementsAre("background", "Anterior", "Posterior"));
  const Source atrium = open_source(*data / "left_atrium");
  EXPECT_EQ(atrium.layout, "HDF5");
  EXPECT_EQ(atrium.cases.size(), 88u);
  EXPECT_FALSE(atrium.cases.front().label.empty());
}

}  // namespace tss::source_test
