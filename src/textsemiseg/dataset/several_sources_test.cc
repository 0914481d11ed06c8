// Datasets made of several source folders whose labels have different classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/prepare.h"

namespace tss::several_sources_test {
namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;
using testing::TemporaryFolder;

// A tells head and tail apart, B has the tail alone, C the whole.
class SeveralSources : public ::testing::Test {
 protected:
  SeveralSources() {
    testing::write_msd(folder_ / "A", 6, 6);
    write_merged("B", {0, 0, 1}, {"background", "tail"});
    write_merged("C", {0, 1, 1}, {"background", "whole"});
    options_ = testing::prepare_options("", folder_ / "D");
    for (const char* name : {"A", "B", "C"}) options_.sources.push_back({name, folder_ / name, {}});
    options_.class_rules = {parse_class_rule("--merge", "whole=head+tail", {"A", "B", "C"})};
    options_.split.labelled = "3";
    options_.split.validation = "1";
    options_.split.test = "1";
  }
  // Three cases whose labels are those of A with other values.
  void write_merged(const std::string& name, const std::array<uint8_t, 3>& values, const std::vector<std::string>& classes) {
    Json json = {{"name", name}, {"modality", {{"0", "MRI"}}}, {"labels", labels_to_json(classes)}, {"training", Json::array()}};
    for (int64_t i = 0; i < 3; ++i) {
      const Size3 size{10 + i, 9, 8};
      LabelMap label = testing::box_labels(size, 3);
      for (uint8_t& v : label.voxels) v = values.at(v);
      const std::string file = concat(name, "_", i, ".nii.gz");
      write_image(folder_ / name / "imagesTr" / file, testing::noise_image(size, static_cast<uint64_t>(i) + 50));
      write_label_map(folder_ / name / "labelsTr" / file, label);
      json["training"].push_back({{"image", "./imagesTr/" + file}, {"label", "./labelsTr/" + file}});
    }
    write_json(folder_ / name / "dataset.json", json);
  }
  std::set<int> values_of(const Dataset& dataset, const std::string& id) {
    const CachedCase item = dataset.load(id);
    const auto* values = item.label->data<uint8_t>();
    return {values, values + item.label->elements()};
  }
  TemporaryFolder folder_;
  PrepareOptions options_;
};

TEST_F(SeveralSources, LabelsAreClassesOfTheDatasetAndSayWhatTheyTellApart) {
  prepare_dataset(options_);
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_THAT(dataset.class_names(), ElementsAre("background", "head", "tail"));
  EXPECT_EQ(values_of(dataset, "case_00"), (std::set<int>{0, 1, 2}));
  EXPECT_EQ(values_of(dataset, "B_0"), (std::set<int>{0, 2}));
  EXPECT_EQ(values_of(dataset, "C_2"), (std::set<int>{0, 1}));
  EXPECT_TRUE(dataset.groups("case_00").tells_all_apart());
  EXPECT_THAT(dataset.groups("B_0").lowest, ElementsAre(0, 0, 2));
  EXPECT_THAT(dataset.groups("C_1").lowest, ElementsAre(0, 1, 1));
  EXPECT_EQ(dataset.source_name("C_1"), "C");
  EXPECT_EQ(dataset.source_name("case_03"), "A");
  EXPECT_THAT(dataset.unseen_classes(), IsEmpty());
  const LabelMap whole = testing::box_labels({11, 9, 8}, 3), read = dataset.read_label("C_1");
  for (size_t i = 0; i < whole.voxels.size(); ++i) ASSERT_EQ(read.voxels[i], whole.voxels[i] > 0 ? 1 : 0);
}

TEST_F(SeveralSources, MergedLabelsTeachAndFullOnesTest) {
  const PrepareSummary summary = prepare_dataset(options_);
  EXPECT_EQ(summary.split.describe(), "9 labelled, 1 unlabelled, 1 validation, 1 test");
  for (const Role role : {Role::kValidation, Role::kTest, Role::kUnlabelled})
    EXPECT_THAT(summary.split.cases(role), Each(HasSubstr("case_")));
  for (const char* id : {"B_0", "B_1", "B_2", "C_0", "C_1", "C_2"})
    EXPECT_THAT(summary.split.cases(Role::kLabelled), Contains(id));
}

TEST_F(SeveralSources, WithoutANumberAllLabelsAreUsed) {
  options_.split.labelled = "";
  EXPECT_EQ(prepare_dataset(options_).split.describe(), "10 labelled, 0 unlabelled, 1 validation, 1 test");
}

TEST_F(SeveralSources, MergedLabelsStayLabelledWithListsAndInFolds) {
  write_text_file(folder_ / "train.list", "case_00\ncase_01\ncase_02\n");
  write_text_file(folder_ / "test.list", "case_05\n");
  options_.split = {};
  options_.split.train_list = folder_ / "train.list";
  options_.split.test_list = folder_ / "test.list";
  options_.split.labelled = "2";
  options_.split.folds = 2;
  const Split split = prepare_dataset(options_).split;
  EXPECT_EQ(split.describe(), "8 labelled, 1 unlabelled, 0 validation, 1 test");
  for (int k = 0; k < 2; ++k) {
    const Dataset fold = Dataset::open(folder_ / "D", concat("fold_", k));
    EXPECT_THAT(fold.cases(Role::kValidation), Each(HasSubstr("case_")));
    EXPECT_THAT(fold.cases(Role::kLabelled), AllOf(Contains("B_0"), Contains("C_2")));
  }
}

TEST_F(SeveralSources, PreparingAgainDoesNothingAndOtherRulesAreRefused) {
  prepare_dataset(options_);
  const std::string before = read_text_file(folder_ / "D/dataset.json");
  EXPECT_EQ(prepare_dataset(options_).prepared, 0);
  EXPECT_EQ(read_text_file(folder_ / "D/dataset.json"), before);
  options_.class_rules = {parse_class_rule("--synonym", "whole=head", {"A", "B", "C"})};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_); }), HasSubstr("was prepared with sources"));
  options_.overwrite = true;
  prepare_dataset(options_);
  EXPECT_THAT(Dataset::open(folder_ / "D").groups("C_0").lowest, ElementsAre(0, 1, 0));
}

TEST_F(SeveralSources, IdsThatAreTakenGetTheNameOfTheirSource) {
  testing::write_msd(folder_ / "E", 2, 2);
  options_.sources = {{"A", folder_ / "A", {}}, {"E", folder_ / "E", {}}};
  options_.class_rules.clear();
  prepare_dataset(options_);
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_EQ(dataset.source("E_case_00").images.front(), fs::canonical(folder_ / "E/imagesTr/case_00.nii.gz"));
  EXPECT_EQ(dataset.source("case_00").images.front(), fs::canonical(folder_ / "A/imagesTr/case_00.nii.gz"));
}

TEST_F(SeveralSources, BadOnesAreRefusedInOneLine) {
  options_.class_rules.clear();
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_); }),
              HasSubstr("source C: its class 'whole' is none of background, head, tail"));
  EXPECT_FALSE(fs::exists(folder_ / "D/dataset.json"));
  options_.sources[2].name = "B";
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_); }),
              HasSubstr("there is a source 'B' already; expected another name"));
  options_.sources[2] = {"C", folder_ / "B", {}};
  EXPECT_THAT(input_error_of([&] { prepare_dataset(options_); }), HasSubstr("is source B already"));
}

TEST_F(SeveralSources, ChannelsInAnotherOrderAreRefused) {
  const auto name_channels = [&](const char* source, const char* first, const char* second) {
    const fs::path file = folder_ / source / "dataset.json";
    Json json = read_json(file);
    json["modality"] = {{"0", first}, {"1", second}};
    write_json(file, json);
  };
  name_channels("A", "CT", "MR");
  name_channels("B", "MR", "CT");
  EXPECT_THAT(input_error_of([&] { record_of_source(options_); }),
              HasSubstr("source B: has the channels MR, CT; expected CT, MR in this order"));
}

// A class that only one source has is a class of the dataset where --classes says so.
TEST_F(SeveralSources, ClassesOfTheDatasetMayBeNamed) {
  options_.classes = {"background", "whole", "tail"};
  options_.sources.erase(options_.sources.begin());
  options_.class_rules.clear();
  options_.split.labelled = "";
  prepare_dataset(options_);
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_THAT(dataset.groups("B_0").lowest, ElementsAre(0, 0, 2));
  EXPECT_THAT(dataset.groups("C_0").lowest, ElementsAre(0, 1, 0));
  EXPECT_EQ(dataset.cases(Role::kTest).size(), 1u);  // no label tells all apart: they are drawn as any other
}

TEST_F(SeveralSources, OneSourceIsWrittenAsBefore) {
  options_.source = folder_ / "A";
  options_.sources.clear();
  options_.class_rules.clear();
  prepare_dataset(options_);
  const Json json = read_json(folder_ / "D/dataset.json");
  EXPECT_FALSE(json.contains("sources"));
  for (const Json& item : json.at("cases")) EXPECT_FALSE(item.contains("source"));
  const Dataset dataset = Dataset::open(folder_ / "D");
  EXPECT_TRUE(dataset.groups("case_00").tells_all_apart());
  EXPECT_EQ(dataset.source_name("case_00"), "");
}

}  // namespace tss::several_sources_test
