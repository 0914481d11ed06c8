#include "textsemiseg/dataset/prepare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/io/scan.h"

namespace tss::prepare_test {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using testing::prepare_options;
using testing::TemporaryFolder;

// Every file below a folder with its time of change.
std::map<std::string, fs::file_time_type> snapshot(const fs::path& folder) {
  std::map<std::string, fs::file_time_type> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().string()] = entry.last_write_time();
  }
  return files;
}

fs::path cached(const fs::path& dataset, const std::string& id) {
  for (const auto& key : fs::directory_iterator(dataset / "cache")) return key.path() / id;
  return {};
}

TEST(Prepare, ArraysAreTheRecipesAndTheDatasetOpens) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 8, 6);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.labelled = "2";
  options.split.validation = options.split.test = "1";
  const PrepareSummary summary = prepare_dataset(options);
  EXPECT_EQ(summary.prepared, 8);
  EXPECT_EQ(summary.split.describe(), "2 labelled, 4 unlabelled, 1 validation, 1 test");
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.classes(), 3);
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "head", "tail"));
  EXPECT_EQ(dataset.channels(), 1);
  EXPECT_EQ(dataset.cases(Role::kLabelled), summary.split.cases(Role::kLabelled));
  EXPECT_EQ(write_options(dataset.recipe()), write_options(options.recipe));
  for (const Role role : kRoles) {
    for (const std::string& id : dataset.cases(role)) {
      const CachedCase item = dataset.load(id);
      const Image raw = Scan::open(item.source_image)->read();
      const Image expected = apply_recipe(options.recipe, raw);
      EXPECT_EQ(grid_difference(item.geometry, expected.geometry), "");
      EXPECT_EQ(std::vector<float>(item.image.data<float>(), item.image.data<float>() + item.image.elements()), expected.voxels);
      EXPECT_EQ(item.label.has_value(), id <= "case_05");
      if (!item.label) continue;
      const CaseArrays both =
          apply_recipe(options.recipe, {.channels = {raw}, .label = Scan::open(item.source_label)->read_label()});
      const LabelMap& labels = *both.label;
      EXPECT_EQ(std::vector<uint8_t>(item.label->data<uint8_t>(), item.label->data<uint8_t>() + item.label->elements()),
                labels.voxels);
    }
  }
}

TEST(Prepare, SecondRunDoesNothing) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 5, 5);
  const PrepareOptions options = prepare_options(folder / "S", folder / "D");
  prepare_dataset(options);
  const auto before = snapshot(folder / "D/cache");
  const PrepareSummary again = prepare_dataset(options);
  EXPECT_EQ(again.prepared, 0);
  EXPECT_EQ(again.kept, 5);
  EXPECT_TRUE(again.split_kept);
  EXPECT_EQ(snapshot(folder / "D/cache"), before);
}

TEST(Prepare, ContinuesWhereItStopped) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 6, 6);
  const PrepareOptions options = prepare_options(folder / "S", folder / "D");
  const std::string good = read_text_file(folder / "S/imagesTr/case_04.nii.gz");
  testing::truncate_copy(folder / "S/imagesTr/case_00.nii.gz", folder / "S/imagesTr/case_04.nii.gz", 100);
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("imagesTr/case_04.nii.gz"));
  EXPECT_FALSE(fs::exists(folder / "D/dataset.json"));
  EXPECT_FALSE(fs::exists(folder / "D/split.json"));
  write_text_file(folder / "S/imagesTr/case_04.nii.gz", good);
  // What a killed run leaves behind: a folder without a final name.
  fs::create_directories(cached(folder / "D", "x").parent_path() / ".tmp-999999999-case_04");
  const PrepareSummary summary = prepare_dataset(options);
  EXPECT_GE(summary.kept, 3);
  EXPECT_EQ(summary.kept + summary.prepared, 6);
  EXPECT_FALSE(fs::exists(cached(folder / "D", "x").parent_path() / ".tmp-999999999-case_04"));
  Dataset::open(folder / "D").load("case_04");
}

TEST(Prepare, CacheIsNeverSilentlyStale) {
  const TemporaryFolder folder;
  const fs::path file = folder / "S/imagesTr/case_01.nii.gz";
  testing::write_msd(folder / "S", 3, 3);
  write_text_file(folder / "S/split.json", R"({"labelled": ["case_00"], "unlabelled": ["case_01", "case_02"]})");
  const PrepareOptions options = prepare_options(folder / "S", folder / "D");
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder / "D");
  dataset.load("case_01");

  // Other content, same size and time of change: only the sampled bytes tell.
  const auto time = fs::last_write_time(file);
  std::string bytes = read_text_file(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  const std::string changed = bytes;
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(file, std::ios::binary) << changed;
  fs::last_write_time(file, time);
  EXPECT_THAT(input_error_of([&] { dataset.load("case_01"); }), HasSubstr("case_01.nii.gz has changed since"));
  dataset.load("case_00");

  // The same content at another time, as a copy has, is current.
  std::ofstream(file, std::ios::binary) << bytes;
  fs::last_write_time(file, time + std::chrono::seconds(3));
  dataset.load("case_01");
  EXPECT_EQ(prepare_dataset(options).prepared, 0);

  // Other content at another time is not.
  std::ofstream(file, std::ios::binary) << changed;
  fs::last_write_time(file, time + std::chrono::seconds(6));
  EXPECT_THAT(input_error_of([&] { dataset.load("case_01"); }), HasSubstr("run textsemiseg prepare again"));
  std::ofstream(file, std::ios::binary) << bytes;
  EXPECT_EQ(prepare_dataset(options).prepared, 0);
  dataset.load("case_01");

  // A label that appears later makes the entry stale, and prepare takes it up.
  fs::rename(folder / "S/labelsTr/case_02.nii.gz", folder / "away.nii.gz");
  EXPECT_EQ(prepare_dataset(options).prepared, 1);
  EXPECT_FALSE(Dataset::open(folder / "D").load("case_02").label.has_value());
  fs::rename(folder / "away.nii.gz", folder / "S/labelsTr/case_02.nii.gz");
  EXPECT_EQ(prepare_dataset(options).prepared, 1);
  EXPECT_TRUE(Dataset::open(folder / "D").load("case_02").label.has_value());
}

TEST(Prepare, ASourceThatIsGoneIsUsedAsPrepared) {
  const TemporaryFolder folder;
  const fs::path dataset = testing::prepared_msd(folder.path(), 2, 2);
  fs::remove_all(folder / "source");
  EXPECT_EQ(Dataset::open(dataset).load("case_00").image.shape().size(), 3u);
}

TEST(Prepare, ExistingSplitIsKeptUnlessOverwritten) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 10, 10);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.labelled = "2";
  prepare_dataset(options);
  const std::string before = read_text_file(folder / "D/split.json");
  options.split.labelled = "3";
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("split.json: holds another split (2 labelled"));
  EXPECT_EQ(read_text_file(folder / "D/split.json"), before);
  options.split.labelled = "";
  EXPECT_TRUE(prepare_dataset(options).split_kept);
  EXPECT_EQ(read_text_file(folder / "D/split.json"), before);
  options.split.labelled = "3";
  options.overwrite = true;
  EXPECT_FALSE(prepare_dataset(options).split_kept);
  EXPECT_EQ(Dataset::open(folder / "D").cases(Role::kLabelled).size(), 3u);
}

TEST(Prepare, AnotherRecipeNeedsOverwrite) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 4, 4);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  prepare_dataset(options);
  options.recipe.at<Reduce>().factor = {2, 2, 2};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("was prepared with recipe"));
  options.overwrite = true;
  EXPECT_EQ(prepare_dataset(options).prepared, 4);
  EXPECT_EQ(Dataset::open(folder / "D").load("case_00").geometry.size, (Size3{5, 5, 4}));
}

TEST(Prepare, GivenSplitFiles) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 4, 3);
  const PrepareOptions options = prepare_options(folder / "S", folder / "D");
  // A split.json beside the scans is taken as it is.
  write_text_file(folder / "S/split.json",
                  R"({"labelled": ["case_02"], "unlabelled": ["case_03", "case_00"], "test": ["case_01"]})");
  EXPECT_EQ(prepare_dataset(options).split.describe(), "1 labelled, 2 unlabelled, 0 validation, 1 test");
  EXPECT_THAT(Dataset::open(folder / "D").cases(Role::kUnlabelled), ElementsAre("case_03", "case_00"));
  write_text_file(folder / "S/split.json", R"({"labelled": ["case_03"]})");
  PrepareOptions other = prepare_options(folder / "S", folder / "E");
  EXPECT_THAT(input_error_of([&] { prepare_dataset(other); }),
              HasSubstr("case 'case_03' has no label file; expected unlabelled"));
  write_text_file(folder / "S/split.json", R"({"unlabelled": ["case_03"]})");
  EXPECT_THAT(input_error_of([&] { prepare_dataset(other); }), HasSubstr("the labelled set is empty"));
}

TEST(Prepare, FoldsCanBeOpened) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 10, 10);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.folds = 4;
  options.split.labelled = "2";
  prepare_dataset(options);
  const Dataset fold = Dataset::open(folder / "D", "fold_3");
  EXPECT_EQ(fold.cases(Role::kValidation).size(), 2u);
  EXPECT_EQ(fold.cases(Role::kTest), Dataset::open(folder / "D").cases(Role::kTest));
  EXPECT_THAT(input_error_of([&] { Dataset::open(folder / "D", "fold_4"); }), HasSubstr("split 'fold_4': no such file"));

  Split stale = read_split(folder / "D/folds/fold_0.json");
  std::swap(stale.roles[Role::kTest][0], stale.roles[Role::kValidation][0]);
  write_split(folder / "D/folds/fold_0.json", stale);
  EXPECT_THAT(input_error_of([&] { Dataset::open(folder / "D", "fold_0"); }),
              HasSubstr("is validation here and a test case of split.json; expected folds of this split"));
}

TEST(Prepare, CasesThatCameAfterTheSplitAreNamed) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 10, 10);
  prepare_dataset(prepare_options(folder / "S", folder / "D"));
  testing::write_msd(folder / "S", 12, 12);
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(prepare_dataset(prepare_options(folder / "S", folder / "D")).split_kept);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("2 cases of the source have no role (case_10, ...)"));
}

TEST(Prepare, Hdf5FoldersTakeTheirClassesFromTheOption) {
  const TemporaryFolder folder;
  const Size3 size{8, 7, 6};
  const LabelMap labels = testing::box_labels(size, 2);
  for (int i = 0; i < 4; ++i)
    write_hdf5_case(folder / concat("S/c", i, "/mri_norm2.h5"), testing::noise_image(size, 1), i < 3 ? &labels : nullptr);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("so they are unknown; expected --classes"));
  options.classes = {"background", "atrium"};
  prepare_dataset(options);
  EXPECT_THAT(Dataset::open(folder / "D").class_names(), ElementsAre("background", "atrium"));
  PrepareOptions published = prepare_options(folder / "S", folder / "E");
  published.recipe = recipe_from_name("left_atrium");
  published.facts = published_dataset("left_atrium").dataset;
  prepare_dataset(published);
  const Dataset atrium = Dataset::open(folder / "E");
  EXPECT_THAT(atrium.class_names(), ElementsAre("background", "left atrium"));
  EXPECT_FALSE(atrium.load("c3").label.has_value());
  EXPECT_EQ(atrium.load("c0").source_label, atrium.load("c0").source_image);
}

TEST(Prepare, NnunetChannelsAreStacked) {
  const TemporaryFolder folder;
  const Size3 size{6, 5, 4};
  write_json(folder / "S/dataset.json",
             Json::parse(R"({"channel_names": {"0": "T1", "1": "T2"}, "labels": {"background": 0, "core": 1},
      "file_ending": ".nii.gz"})"));
  for (const std::string id : {"a", "b", "c"}) {
    write_image(folder / ("S/imagesTr/" + id + "_0000.nii.gz"), testing::noise_image(size, 1, 50));
    write_image(folder / ("S/imagesTr/" + id + "_0001.nii.gz"), testing::noise_image(size, 2, 500));
    write_label_map(folder / ("S/labelsTr/" + id + ".nii.gz"), testing::box_labels(size, 2));
  }
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.recipe.remove("normalise");
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.channels(), 2);
  const CachedCase item = dataset.load("b");
  EXPECT_EQ(item.image.shape(), (std::vector<int64_t>{2, 6, 5, 4}));
  EXPECT_EQ(item.image.data<float>()[120 + 7], testing::noise_image(size, 2, 500).voxels[7]);
}

TEST(Prepare, FoldsAreComparedLikeTheSplit) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 12, 12);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.folds = 5;
  prepare_dataset(options);
  const auto before = snapshot(folder / "D/folds");
  prepare_dataset(options);
  options.split.folds = 0;  // folds that nobody asks about stay
  prepare_dataset(options);
  EXPECT_EQ(snapshot(folder / "D/folds").size(), 5u);
  options.split.folds = 3;
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("folds: holds 5 folds (seed 0), now 3 folds (seed 0); expected the same --folds and --seed"));
  write_text_file(folder / "D/folds/fold_77.json", R"({"labelled": ["case_00"]})");  // not prepare's
  options.overwrite = true;
  const PrepareSummary summary = prepare_dataset(options);
  EXPECT_TRUE(summary.split_kept);
  EXPECT_TRUE(fs::exists(folder / "D/folds/fold_2.json"));
  EXPECT_FALSE(fs::exists(folder / "D/folds/fold_3.json"));
  EXPECT_TRUE(fs::exists(folder / "D/folds/fold_77.json"));

  // Folds of another split would validate on its test cases.
  options.split.folds = 0;
  options.split.seed = 5;
  options.split.seed_given = true;
  ASSERT_FALSE(prepare_dataset(options).split_kept);
  EXPECT_FALSE(fs::exists(folder / "D/folds/fold_0.json"));
  EXPECT_TRUE(fs::exists(folder / "D/folds/fold_77.json"));
  write_text_file(folder / "D/folds/fold_0.json", R"({"labelled": ["case_00"]})");
  options.split.folds = 2;
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("fold_0.json: was not written by prepare --folds"));
}

TEST(Prepare, ASplitFileSaysEveryRole) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 4, 4);
  write_text_file(folder / "mine.json", R"({"labelled": ["case_02"], "unlabelled": ["case_03"]})");
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split_file = (folder / "mine.json").string();
  options.split.labelled = "2";
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("mine.json: given together with --labelled; expected the file alone"));
  options.split.labelled = "";
  options.split.seed_given = true;
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("given together with --seed"));
  options.split.folds = 2;  // which the seed draws
  EXPECT_EQ(prepare_dataset(options).split.describe(), "1 labelled, 1 unlabelled, 0 validation, 0 test");
  // A folder is no split, whatever its name.
  options.split_file = folder.path().string();
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("is no file and no published split"));
}

TEST(Prepare, TheSeedAloneIsComparedToo) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 10, 10);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  prepare_dataset(options);
  options.split.seed_given = true;
  EXPECT_TRUE(prepare_dataset(options).split_kept);
  options.split.seed = 77;
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("split.json: was drawn with seed 0, now 77"));
  options.overwrite = true;
  EXPECT_FALSE(prepare_dataset(options).split_kept);
  EXPECT_EQ(read_split(folder / "D/split.json").made_by.at("seed"), 77);
}

TEST(Prepare, ARecipeKeepsTheSplitWhereItFits) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 10, 10);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.labelled = "4";
  options.split.test = "3";
  prepare_dataset(options);
  const std::string before = read_text_file(folder / "D/split.json");
  options.split = {};
  options.overwrite = true;
  options.recipe.at<Reduce>().factor = {2, 2, 2};
  EXPECT_TRUE(prepare_dataset(options).split_kept);
  EXPECT_EQ(read_text_file(folder / "D/split.json"), before);
  testing::write_msd(folder / "fewer", 6, 6);
  options.source = folder / "fewer";
  const std::string error = input_error_of([&] { prepare_dataset(options); });
  EXPECT_THAT(error, HasSubstr("split.json: "));
  EXPECT_THAT(error, HasSubstr("is not in the source; expected a split of the cases there are: --labelled, "));
}

TEST(Prepare, OverwriteReadsTheScansInFull) {
  const TemporaryFolder folder;
  testing::write_msd(folder / "S", 3, 3);
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  prepare_dataset(options);
  options.overwrite = true;
  EXPECT_EQ(prepare_dataset(options).prepared, 0);
  // A file whose sample says nothing new, as a large scan's may.
  const fs::path record = cached(folder / "D", "case_01") / "case.json";
  Json json = read_json(record);
  json["source"][0]["content"] = "0123456789abcdef";
  write_json(record, json);
  options.overwrite = false;
  EXPECT_EQ(prepare_dataset(options).prepared, 0);
  options.overwrite = true;
  EXPECT_EQ(prepare_dataset(options).prepared, 1);
}

TEST(Prepare, TheSourcesOwnTestPartIsNoTrainingData) {
  const TemporaryFolder folder;
  write_json(folder / "S/dataset.json", Json::parse(R"({"channel_names": {"0": "CT"}, "labels": {"background": 0, "core": 1},
      "file_ending": ".nii.gz"})"));
  for (const std::string id : {"a", "b", "c", "d"}) {
    const std::string part = id == "d" ? "Ts" : "Tr";
    write_image(folder / ("S/images" + part + "/" + id + "_0000.nii.gz"), testing::noise_image({6, 5, 4}, 1));
    write_label_map(folder / ("S/labels" + part + "/" + id + ".nii.gz"), testing::box_labels({6, 5, 4}, 2));
  }
  write_text_file(folder / "validation.list", "b\n");
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.split.validation_list = (folder / "validation.list").string();
  options.split.labelled = "2";
  const Split split = prepare_dataset(options).split;
  EXPECT_THAT(split.cases(Role::kLabelled), ::testing::UnorderedElementsAre("a", "c"));
  EXPECT_THAT(split.cases(Role::kTest), ElementsAre("d"));
}

class BadInput : public ::testing::Test {
 protected:
  void SetUp() override { testing::write_msd(folder_ / "S", 4, 4); }
  // Prepares; checks that nothing but the cache of good cases is left.
  std::string error() {
    const std::string message = input_error_of([&] { prepare_dataset(prepare_options(folder_ / "S", folder_ / "D")); });
    EXPECT_FALSE(fs::exists(folder_ / "D/dataset.json"));
    EXPECT_FALSE(fs::exists(folder_ / "D/split.json"));
    return message;
  }
  // The same in a dataset.json that prepare is said to have written.
  void check_record(const std::string& id) {
    const TemporaryFolder other;
    const fs::path dataset = testing::prepared_msd(other.path(), 2, 2);
    Json json = read_json(dataset / "dataset.json");
    json["cases"][0]["id"] = id;
    write_json(dataset / "dataset.json", json);
    EXPECT_THAT(input_error_of([&] { Dataset::open(dataset); }), HasSubstr("dataset.json: cases: case '" + id + "'"));
  }
  fs::path image() const { return folder_ / "S/imagesTr/case_02.nii.gz"; }
  fs::path label() const { return folder_ / "S/labelsTr/case_02.nii.gz"; }
  TemporaryFolder folder_;
};

TEST_F(BadInput, TruncatedImage) {
  testing::truncate_copy(folder_ / "S/imagesTr/case_00.nii.gz", image(), 200);
  EXPECT_THAT(error(), HasSubstr("imagesTr/case_02.nii.gz"));
}

TEST_F(BadInput, LabelOnAnotherGrid) {
  LabelMap labels = read_label_map(label());
  labels.geometry.spacing = {1, 1, 3};
  write_label_map(label(), labels);
  EXPECT_THAT(error(), HasSubstr("labelsTr/case_02.nii.gz: lies on another grid than"));
  write_label_map(label(), testing::box_labels({5, 5, 5}, 2));
  EXPECT_THAT(error(), HasSubstr("lies on another grid"));
}

TEST_F(BadInput, LabelValuesOutsideTheClasses) {
  LabelMap labels = read_label_map(label());
  labels.voxels[0] = 7;
  labels.voxels[1] = 7;
  labels.voxels[2] = 4;
  write_label_map(label(), labels);
  const std::string message = error();
  EXPECT_THAT(message, HasSubstr("4 (1 voxel), 7 (2 voxels)"));
  EXPECT_THAT(message, HasSubstr("values 0 to 2 (background, head, tail)"));
}

TEST_F(BadInput, NanInTheImage) {
  Image bad = read_image(image());
  bad(1, 2, 3) = std::numeric_limits<float>::quiet_NaN();
  bad(4, 2, 3) = std::numeric_limits<float>::infinity();
  write_image(image(), bad);
  EXPECT_THAT(error(), HasSubstr("case_02.nii.gz: 2 voxels are NaN or infinite, the first at (1, 2, 3)"));
}

// Ids become paths below the cache, where prepare replaces whole folders.
TEST_F(BadInput, IdsThatAreNoNames) {
  fs::create_directories(folder_ / "D/cache");
  for (const std::string id : {"../../victim", "site1/c0", "..", ".", "a\\b", ".tmp-1-a"}) {
    write_text_file(folder_ / "D/victim/scan.txt", "mine");
    const Json listed = {{"images", {"imagesTr/case_00.nii.gz"}}, {"label", "labelsTr/case_00.nii.gz"}};
    write_json(
        folder_ / "S/dataset.json",
        {{"channel_names", {{"0", "CT"}}}, {"labels", {{"background", 0}, {"a", 1}, {"b", 2}}}, {"dataset", {{id, listed}}}});
    const std::string message = error();
    EXPECT_THAT(message, HasSubstr("case '" + id + "'; expected an id that can name a folder"));
    EXPECT_TRUE(fs::exists(folder_ / "D/victim/scan.txt"));
    check_record(id);
  }
  check_record("");
}

TEST_F(BadInput, ADatasetJsonOfOthersIsNeverReplaced) {
  testing::write_msd(folder_ / "raw", 2, 2);
  const std::string before = read_text_file(folder_ / "raw/dataset.json");
  PrepareOptions options = prepare_options(folder_ / "S", folder_ / "raw");
  for (const bool overwrite : {false, true}) {
    options.overwrite = overwrite;
    EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("raw/dataset.json: was not written by prepare"));
    EXPECT_EQ(read_text_file(folder_ / "raw/dataset.json"), before);
  }
}

TEST_F(BadInput, ClassNamesThatAreNone) {
  fs::remove(folder_ / "S/dataset.json");
  PrepareOptions options = prepare_options(folder_ / "S", folder_ / "D");
  options.classes = {"background", "head", ""};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("'background,head,' holds an empty name"));
  options.classes = {"background", "head", "head"};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }), HasSubstr("expected distinct names"));
}

TEST_F(BadInput, DatasetFolderThatIsTheSource) {
  const auto before = snapshot(folder_ / "S");
  EXPECT_THAT(input_error_of([&] { prepare_dataset(prepare_options(folder_ / "S", folder_ / "S")); }),
              HasSubstr("is the source folder itself"));
  EXPECT_EQ(snapshot(folder_ / "S"), before);
}

TEST(DatasetOpen, ErrorsSayWhatToDo) {
  const TemporaryFolder folder;
  const auto error = [&](const fs::path& path) { return input_error_of([&] { Dataset::open(path); }); };
  EXPECT_THAT(error(folder / "none"), HasSubstr("none: no such folder"));
  EXPECT_THAT(error(folder.path()), HasSubstr("dataset.json: missing"));
  const fs::path dataset = testing::prepared_msd(folder.path(), 2, 2);
  EXPECT_THAT(error(folder / "source"), HasSubstr("was not prepared yet"));
  write_text_file(dataset / "split.json", R"({"labelled": ["case_00"], "test": ["case_77"]})");
  EXPECT_THAT(error(dataset), HasSubstr("split.json: test: case 'case_77' is not in the source"));
  write_text_file(dataset / "split.json", R"({"labelled": ["case_00"]})");
  fs::remove_all(cached(dataset, "case_00"));
  EXPECT_THAT(error(dataset), HasSubstr("run textsemiseg prepare again"));
  fs::remove(dataset / "split.json");
  EXPECT_THAT(error(dataset), HasSubstr("split.json: missing"));
}

TEST(DatasetOpen, DamagedArraysAreFound) {
  const TemporaryFolder folder;
  const fs::path dataset = testing::prepared_msd(folder.path(), 2, 2);
  const fs::path entry = cached(dataset, "case_00");
  testing::truncate_copy(cached(dataset, "case_01") / "image.npy", entry / "image.npy", 40);
  EXPECT_THAT(input_error_of([&] { Dataset::open(dataset).load("case_00"); }), HasSubstr("image.npy"));
}

TEST(Prepare, RealHippocampus) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  const TemporaryFolder folder;
  PrepareOptions options = prepare_options(*data / "hippocampus", folder / "D");
  options.split.labelled = "9";
  options.split.validation = "10";
  options.split.test = "20";
  EXPECT_EQ(prepare_dataset(options).split.describe(), "9 labelled, 81 unlabelled, 10 validation, 20 test");
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.classes(), 3);
  for (const std::string& id : dataset.cases(Role::kTest)) {
    const CachedCase item = dataset.load(id);
    EXPECT_EQ(item.geometry.spacing, (Vector3{1, 1, 1}));
    ASSERT_TRUE(item.label.has_value());
    EXPECT_EQ(item.label->shape(), item.image.shape());
  }
}

TEST(Prepare, RealLeftAtriumWithPublishedLists) {
  const auto data = testing::test_data();
  if (!data) GTEST_SKIP() << "skipped: no data";
  // Links to 12 of the scans are enough here, named in lists in the order of the published one.
  const TemporaryFolder folder;
  const auto all = read_id_list(*data / "left_atrium/official_train.list");
  std::string list;
  for (size_t i = 0; i < 12; ++i) {
    fs::create_directories(folder / "S" / all[i]);
    fs::create_symlink(*data / "left_atrium" / all[i] / "mri_norm2.h5", folder / "S" / all[i] / "mri_norm2.h5");
    if (i < 10) list += all[i] + "\n";
  }
  write_text_file(folder / "train.list", list);
  write_text_file(folder / "test.list", all[10] + "\n" + all[11] + "\n");
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.recipe = recipe_from_name("left_atrium");
  options.facts = published_dataset("left_atrium").dataset;
  options.recipe.at<Reduce>().factor = {2, 2, 2};
  options.split.train_list = (folder / "train.list").string();
  options.split.test_list = (folder / "test.list").string();
  options.split.labelled = "8";
  prepare_dataset(options);
  const Dataset dataset = Dataset::open(folder / "D");
  EXPECT_EQ(dataset.cases(Role::kLabelled), std::vector<std::string>(all.begin(), all.begin() + 8));
  EXPECT_EQ(dataset.cases(Role::kUnlabelled), std::vector<std::string>(all.begin() + 8, all.begin() + 10));
  const CachedCase item = dataset.load(all[0]);
  const Image raw = Scan::open(item.source_image)->read();
  EXPECT_EQ(item.geometry.size[0], (raw.size()[0] + 1) / 2);
  double sum = 0;
  for (int dx = 0; dx < 2; ++dx) {
    for (int dy = 0; dy < 2; ++dy) {
      for (int dz = 0; dz < 2; ++dz) sum += raw(40 + dx, 60 + dy, 20 + dz);
    }
  }
  EXPECT_NEAR(item.image.data<float>()[(20 * item.geometry.size[1] + 30) * item.geometry.size[2] + 10], sum / 8, 1e-5);
}

TEST(Prepare, ALabelMapIsNeverAnImageWithoutAWord) {
  const TemporaryFolder folder;
  const LabelMap labels = testing::box_labels({8, 8, 8}, 2);
  for (const std::string id : {"a", "b", "c"}) {
    write_image(folder / ("S/" + id + "/t1.nii.gz"), testing::noise_image({8, 8, 8}, 1));
    write_label_map(folder / ("S/" + id + "/seg.nii.gz"), labels);
    write_label_map(folder / ("S/" + id + "/other.nii.gz"), labels);  // by its voxels, not by its name
  }
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.classes = {"background", "head"};
  options.split.labelled = options.split.validation = options.split.test = "1";
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("other.nii.gz: holds only 0 and 1, where the case's label lies, as a label map does"));
  EXPECT_FALSE(fs::exists(folder / "D/dataset.json"));
}

TEST(Prepare, WithoutAnyLabelTheNamesTriedAreTold) {
  const TemporaryFolder folder;
  for (const std::string id : {"a", "b", "c"}) write_image(folder / ("S/" + id + ".nii.gz"), testing::noise_image({8, 8, 8}, 1));
  PrepareOptions options = prepare_options(folder / "S", folder / "D");
  options.classes = {"background", "head"};
  options.split.validation = options.split.test = "1";
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options); }),
              HasSubstr("no label was recognised: 3 scans, the first is a.nii.gz; expected its label as a_seg.nii.gz"));
}

}  // namespace tss::prepare_test
