// The named recipes on small data sets of the shape in which each is published.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "support/dataset_files.h"
#include "support/dicom_files.h"
#include "support/testing.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/volume/reorient.h"

namespace tss::prepare_recipes_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::TemporaryFolder;

PrepareOptions options_of(const std::string& recipe, const fs::path& source, const fs::path& dataset) {
  const PublishedDataset published = published_dataset(recipe);
  PrepareOptions options = testing::prepare_options(source, dataset);
  options.recipe = published.recipe;
  options.facts = published.dataset;
  options.split.labelled = "1";
  options.split.validation = "0";
  options.split.test = "1";
  return options;
}

int64_t count(const MappedNpy& labels, uint8_t value) {
  return std::count(labels.data<uint8_t>(), labels.data<uint8_t>() + labels.elements(), value);
}

void fill_box(LabelMap& labels, const Size3& low, const Size3& high, uint8_t value) {
  for (int64_t x = low[0]; x <= high[0]; ++x)
    for (int64_t y = low[1]; y <= high[1]; ++y)
      for (int64_t z = low[2]; z <= high[2]; ++z) labels(x, y, z) = value;
}

// As unpacked from TCIA: a DICOM series per patient, and labels as NIfTI with their axes in another order.
class PancreasCt : public ::testing::Test {
 protected:
  // 20 columns x 16 rows x 6 slices of 2 x 2 x 2.5 mm; air but for a body of columns 3-16 and rows 2-13, in HU of 10 per slice.
  void write(int number) const {
    testing::DicomSlice like;
    like.rows = 16;
    like.columns = 20;
    like.spacing = {2, 2};
    like.position = {-19, -15, 100};
    like.intercept = -1024;
    testing::DicomSeries series(6, 2.5, like);
    series.patient_id = "ID^17";
    series.stored = [](int column, int row, int slice) {
      const bool body = column >= 3 && column <= 16 && row >= 2 && row <= 13;
      return static_cast<int16_t>(body ? 1024 + 10 * slice : 24);
    };
    const std::string id = concat("000", number);
    const fs::path folder =
        folder_ / "S/Pancreas-CT" / ("PANCREAS_" + id) / "11-24-2015-PANCREAS0001-Pancreas-18957" / "Pancreas-63502";
    testing::write_dicom_series(folder, series);
    LabelMap labels(Scan::open(folder)->geometry());
    fill_box(labels, {8, 6, 2}, {11, 9, 3}, 1);
    write_label_map(folder_ / "S/TCIA_pancreas_labels-02-05-2017" / ("label" + id + ".nii.gz"), to_ras(labels));
  }
  void SetUp() override {
    for (int number = 1; number <= 3; ++number) write(number);
  }
  TemporaryFolder folder_;
};

TEST_F(PancreasCt, SeriesAndLabelsAreFoundAndPrepared) {
  prepare_dataset(options_of("pancreas_ct", folder_ / "S", folder_ / "D"));
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "pancreas"));
  const CachedCase item = dataset.load("image0002");
  // The body is 14 x 12 columns and rows of 2 mm: at 1 mm, 28 x 24 voxels lie inside, and where the spline passes -500 half-way.
  EXPECT_NEAR(static_cast<double>(item.geometry.size[0]), 28, 1);
  EXPECT_NEAR(static_cast<double>(item.geometry.size[1]), 24, 1);
  EXPECT_EQ(item.geometry.size[2], 15);
  EXPECT_EQ(item.geometry.spacing, (Vector3{1, 1, 1}));
  EXPECT_EQ(item.geometry.direction, Geometry{}.direction);
  EXPECT_EQ(count(*item.label, 1), 4 * 4 * 2 * 10);
  // The label lies where it lay: columns 8-11 and rows 6-9 (LPS) around the world's middle, slices 2-3 from z = 100.
  Vector3 sum{};
  const Size3& size = item.geometry.size;
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z) {
        if (item.label->data<uint8_t>()[(x * size[1] + y) * size[2] + z] == 0) continue;
        const Vector3 at = item.geometry.world({static_cast<double>(x), static_cast<double>(y), static_cast<double>(z)});
        for (size_t a = 0; a < 3; ++a) sum[a] += at[a] / 320;
      }
  EXPECT_NEAR(sum[0], 0, 0.51);
  EXPECT_NEAR(sum[1], 0, 0.51);
  EXPECT_NEAR(sum[2], 100 + 2.5 * 2.5, 0.51);
  // Every voxel of an axial slice of the body has one value, which grows with the slices.
  const float* voxels = item.image.data<float>();
  const int64_t middle = (size[0] / 2 * size[1] + size[1] / 2) * size[2];
  EXPECT_LT(voxels[middle] + 0.3, voxels[middle + 14]);
  EXPECT_NEAR(voxels[middle + 7], voxels[((size[0] / 2 + 5) * size[1] + size[1] / 2 - 4) * size[2] + 7], 0.05);
  const LabelMap own = dataset.read_label("image0002");
  EXPECT_EQ(std::count(own.voxels.begin(), own.voxels.end(), 1), 32);
}

TEST_F(PancreasCt, PatientTagsStayInTheSeries) {
  ::testing::internal::CaptureStderr();
  prepare_dataset(options_of("pancreas_ct", folder_ / "S", folder_ / "D"));
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::vector<std::string> tags = {"Secret", "ID^17", "19500101"};
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "D")) {
    if (!entry.is_regular_file()) continue;
    ++files;
    const std::string text = read_text_file(entry.path());
    for (const std::string& tag : tags) EXPECT_EQ(text.find(tag), std::string::npos) << tag << " in " << entry.path();
  }
  EXPECT_EQ(files, 3 * 3 + 2);
  for (const std::string& tag : tags) EXPECT_EQ(log.find(tag), std::string::npos) << log;
  // They are there to be found.
  const auto slice =
      *fs::directory_iterator(folder_ / "S/Pancreas-CT/PANCREAS_0001/11-24-2015-PANCREAS0001-Pancreas-18957/Pancreas-63502");
  EXPECT_NE(read_text_file(slice.path()).find("Secret"), std::string::npos);
}

TEST_F(PancreasCt, ThePublishedCropWarnsAndFallsBack) {
  fs::remove(folder_ / "S/TCIA_pancreas_labels-02-05-2017/label0003.nii.gz");
  ::testing::internal::CaptureStderr();
  const PrepareSummary summary = prepare_dataset(options_of("pancreas_ct_published", folder_ / "S", folder_ / "D"));
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(summary.fell_back, 1);
  EXPECT_THAT(log, HasSubstr("recipe pancreas_ct_published crops 1 test cases around their label, as published"));
  EXPECT_THAT(log, HasSubstr("1 cases have no label for the crop of recipe pancreas_ct_published"));
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_THAT(dataset.cases(Role::kUnlabelled), ElementsAre("image0003"));
  EXPECT_EQ(dataset.load("image0003").geometry.spacing, (Vector3{1, 1, 1}));
}

// BraTS's own folders: four sequences and a segmentation with 1, 2 and 4 each.
void write_brats(const fs::path& folder, const std::string& id, uint64_t seed) {
  const Size3 size{12, 11, 10};
  for (const char* sequence : {"flair", "t1", "t1ce", "t2"}) {
    Image image = testing::noise_image(size, seed++, 200);
    for (int64_t x = 0; x < size[0]; ++x)
      for (int64_t y = 0; y < size[1]; ++y)
        for (int64_t z = 0; z < size[2]; ++z) {
          if (x < 2 || x > 8 || y < 3 || z > 7) image(x, y, z) = 0;
        }
    write_image(folder / id / (id + "_" + sequence + ".nii.gz"), image);
  }
  Geometry geometry;
  geometry.size = size;
  LabelMap labels(geometry);
  fill_box(labels, {3, 4, 2}, {4, 5, 3}, 2);
  fill_box(labels, {5, 4, 2}, {5, 5, 3}, 1);
  fill_box(labels, {6, 4, 2}, {6, 4, 3}, 4);
  write_label_map(folder / id / (id + "_seg.nii.gz"), labels);
}

class Brats : public ::testing::Test {
 protected:
  void SetUp() override {
    write_brats(folder_ / "S/HGG", "BraTS19_CBICA_AAA_1", 1);
    write_brats(folder_ / "S/HGG", "BraTS19_CBICA_AAB_1", 5);
    write_brats(folder_ / "S/LGG", "BraTS19_TCIA09_111_1", 9);
  }
  TemporaryFolder folder_;
};

TEST_F(Brats, FlairAloneWithTheWholeTumour) {
  prepare_dataset(options_of("brats2019", folder_ / "S", folder_ / "D"));
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_EQ(dataset.channels(), 1);
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "whole tumour"));
  const CachedCase item = dataset.load("BraTS19_TCIA09_111_1");
  EXPECT_EQ(item.geometry.size, (Size3{7, 8, 8}));
  EXPECT_EQ(item.geometry.origin, (Vector3{2, 3, 0}));
  EXPECT_EQ(count(*item.label, 1), 8 + 4 + 2);
  prepare_dataset(options_of("brats2019_published", folder_ / "S", folder_ / "E"));
  EXPECT_EQ(Dataset::open(folder_ / "E").load("BraTS19_TCIA09_111_1").geometry.size, (Size3{6, 7, 7}));
}

TEST_F(Brats, FourSequencesAsChannels) {
  PrepareOptions options = options_of("brats2019_channels", folder_ / "S", folder_ / "D");
  options.label_map = parse_label_rules({"1=necrotic core", "2=oedema", "4=enhancing tumour"});
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_EQ(dataset.channels(), 4);
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "necrotic core", "oedema", "enhancing tumour"));
  const CachedCase item = dataset.load("BraTS19_CBICA_AAB_1");
  EXPECT_EQ(item.image.shape(), (std::vector<int64_t>{4, 7, 8, 8}));
  EXPECT_EQ(count(*item.label, 3), 2);
  const Json json = read_json(folder_ / "D/dataset.json");
  EXPECT_EQ(json.at("channels"), 4);
  EXPECT_EQ(json.at("channel_names").at("2"), "T1ce");
  fs::remove(folder_ / "S/LGG/BraTS19_TCIA09_111_1/BraTS19_TCIA09_111_1_t2.nii.gz");
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_of("brats2019_channels", folder_ / "S", folder_ / "E")); }),
              HasSubstr("case 'BraTS19_TCIA09_111_1' has no T2; expected a file like **/{id}/{id}_t2.nii*"));
}

TEST(LeftAtriumRaw, LabelsOf255) {
  const TemporaryFolder folder;
  for (const std::string id : {"AAA", "BBB", "CCC"}) {
    Geometry geometry;
    geometry.size = {30, 28, 8};
    geometry.spacing = {0.625, 0.625, 0.625};
    LabelMap labels(geometry);
    fill_box(labels, {10, 12, 3}, {15, 19, 4}, 255);
    Image image = testing::noise_image(geometry.size, 3);
    image.geometry = geometry;
    write_image(folder / ("S/Training Set/" + id + "/lgemri.nrrd"), image);
    write_label_map(folder / ("S/Training Set/" + id + "/laendo.nrrd"), labels);
  }
  prepare_dataset(options_of("left_atrium_raw", folder / "S", folder / "D"));
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "left atrium"));
  EXPECT_EQ(count(*dataset.load("BBB").label, 1), 6 * 8 * 2);
  EXPECT_EQ(dataset.load("BBB").geometry.size, (Size3{30, 28, 8}));
}

// Task06 in small: classes of its dataset.json, the window, and [0, 1].
TEST(MsdLung, WindowAndScaleOfItsOwnClasses) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 3, 3, 2);
  for (int i = 0; i < 3; ++i) {
    Image image = testing::noise_image({30, 30, 30}, static_cast<uint64_t>(i), 0);
    for (size_t v = 0; v < image.voxels.size(); ++v) image.voxels[v] = v % 30 < 6 ? -1000.0f : v % 30 < 12 ? -300.0f : 500.0f;
    write_image(folder / ("S/imagesTr/" + testing::case_id(i) + ".nii.gz"), image);
    write_label_map(folder / ("S/labelsTr/" + testing::case_id(i) + ".nii.gz"), testing::box_labels({30, 30, 30}, 2));
  }
  prepare_dataset(options_of("msd_lung", folder / "S", folder / "D"));
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "head"));
  const CachedCase item = dataset.load("case_01");
  EXPECT_EQ(item.geometry.size, (Size3{30, 30, 24}));  // the body starts at z = 6
  EXPECT_EQ(item.image.data<float>()[0], 0);           // the least value in the crop
  EXPECT_EQ(item.image.data<float>()[23], 1);
}

TEST(LabelMaps, OfTheSourceAndOfTheOption) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 4, 4, 5);
  Json json = read_json(folder / "S/dataset.json");
  json["label_map"] = {{"1", "wing"}, {"2", "background"}};
  write_json(folder / "S/dataset.json", json);
  PrepareOptions options = options_of("generic", folder / "S", folder / "D");
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "wing", "horn"));
  const LabelMap raw = Scan::open(folder / "S/labelsTr/case_01.nii.gz")->read_label(), mapped = dataset.read_label("case_01");
  const std::array<uint8_t, 5> expected{0, 1, 0, 2, 1};
  for (size_t i = 0; i < raw.voxels.size(); ++i) ASSERT_EQ(mapped.voxels[i], expected[raw.voxels[i]]);
  EXPECT_EQ(count(*dataset.load("case_01").label, 1), std::count(mapped.voxels.begin(), mapped.voxels.end(), 1));

  options.label_map = parse_label_rules({"3, 4=leg"});
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("was prepared with classes"));
  options.overwrite = true;
  prepare_dataset(options);
  EXPECT_THAT(Dataset::open(folder / "D").class_names(), ElementsAre("background", "wing", "leg"));

  LabelMap odd = read_label_map(folder / "S/labelsTr/case_02.nii.gz");
  odd.voxels[0] = odd.voxels[1] = 9;
  write_label_map(folder / "S/labelsTr/case_02.nii.gz", odd);
  const std::string error = input_error_of([&] { prepare_dataset(options); });
  EXPECT_THAT(error, HasSubstr("labelsTr/case_02.nii.gz: label values 0 ("));
  EXPECT_THAT(error, HasSubstr("9 (2 voxels); expected values 0, 1, 2, 3, 4 (background, wing, leg), as the label map says"));
}

TEST(LabelMaps, BackgroundIsValueZeroWhateverItsName) {
  for (const char* name : {"Background", "air"}) {
    const LabelClasses classes = classes_of_rules(
        with_rules({{"0", name}, {"1", "liver"}, {"3", "spleen"}}, parse_label_rules({"3=background"})), "--label-map");
    EXPECT_THAT(classes.class_names, ElementsAre(name, "liver"));
    EXPECT_EQ(classes.table.class_of(3), 0);
  }
}

TEST(LabelMaps, OptionAloneNamesTheClasses) {
  const TemporaryFolder folder;
  for (int i = 0; i < 3; ++i) {
    write_image(folder / concat("S/images/c", i, ".nii.gz"), testing::noise_image({6, 6, 6}, 1));
    LabelMap labels = testing::box_labels({6, 6, 6}, 2);
    for (uint8_t& v : labels.voxels) v = v > 0 ? 255 : 0;
    write_label_map(folder / concat("S/labels/c", i, ".nii.gz"), labels);
  }
  PrepareOptions options = options_of("generic", folder / "S", folder / "D");
  options.label_map = parse_label_rules({"255=left atrium"});
  prepare_dataset(options);
  EXPECT_THAT(Dataset::open(folder / "D").class_names(), ElementsAre("background", "left atrium"));
  EXPECT_GT(count(*Dataset::open(folder / "D").load("c0").label, 1), 0);
  EXPECT_THAT(input_error_of([] { parse_label_rules({"255=ignore"}); }),
              HasSubstr("--label-map: value 255 is to be ignored; expected a class for every value"));
  EXPECT_THAT(input_error_of([] { parse_label_rules({"1.5=x"}); }), HasSubstr("--label-map: found the value '1.5'"));
  EXPECT_THAT(input_error_of([] { parse_label_rules({"1"}); }), HasSubstr("\"1,2,4=whole tumour\""));
  options.classes = {"a", "b"};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("--label-map: 'left atrium' is no class; expected a, b"));
}

// One NIfTI with a fourth dimension, as in MSD's brain tumours: its bytes are those of a 3D file with the volumes one behind another.
void write_4d(const fs::path& file, const std::vector<Image>& channels) {
  Geometry geometry = channels.front().geometry;
  const int64_t slices = geometry.size[2];
  geometry.size[2] *= static_cast<int64_t>(channels.size());
  Image all(geometry);
  for (int64_t x = 0; x < geometry.size[0]; ++x)
    for (int64_t y = 0; y < geometry.size[1]; ++y)
      for (int64_t z = 0; z < geometry.size[2]; ++z) all(x, y, z) = channels[static_cast<size_t>(z / slices)](x, y, z % slices);
  write_image(file, all);
  std::string bytes = read_text_file(file);
  const auto put = [&](size_t field, int64_t value) {
    bytes[40 + 2 * field] = static_cast<char>(value);
    bytes[41 + 2 * field] = static_cast<char>(value >> 8);
  };
  put(0, 4);
  put(3, slices);
  put(4, static_cast<int64_t>(channels.size()));
  std::ofstream(file, std::ios::binary) << bytes;
}

TEST(Channels, OfFourDimensionalScans) {
  const TemporaryFolder folder;
  const Size3 size{6, 5, 4};
  write_json(folder / "S/dataset.json", Json::parse(R"({"modality": {"0": "FLAIR", "1": "T1w"},
      "labels": {"0": "background", "1": "oedema", "2": "core", "3": "enhancing"},
      "label_map": {"1": "whole tumour", "2": "whole tumour", "3": "whole tumour"}})"));
  for (const std::string id : {"BRATS_001", "BRATS_002", "BRATS_003"}) {
    write_4d(folder / ("S/imagesTr/" + id + ".nii"), {testing::noise_image(size, 1, 50), testing::noise_image(size, 2, 500)});
    write_label_map(folder / ("S/labelsTr/" + id + ".nii"), testing::box_labels(size, 4));
  }
  PrepareOptions options = options_of("msd", folder / "S", folder / "D");
  options.recipe.remove("normalise");
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.channels(), 2);
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "whole tumour"));
  const CachedCase item = dataset.load("BRATS_002");
  EXPECT_EQ(item.image.shape(), (std::vector<int64_t>{2, 6, 5, 4}));
  EXPECT_EQ(item.image.data<float>()[7], testing::noise_image(size, 1, 50).voxels[7]);
  EXPECT_EQ(item.image.data<float>()[120 + 7], testing::noise_image(size, 2, 500).voxels[7]);
  write_4d(folder / "S/imagesTr/BRATS_002.nii",
           {testing::noise_image(size, 1, 50), testing::noise_image(size, 2), testing::noise_image(size, 3)});
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("case 'BRATS_002' has 3 channels; expected 2, as case 'BRATS_001'"));
}

}  // namespace tss::prepare_recipes_test
