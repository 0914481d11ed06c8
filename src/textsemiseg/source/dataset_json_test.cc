#include "textsemiseg/source/dataset_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::dataset_json_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;

DatasetDescription parse(const char* text) { return parse_dataset_json(Json::parse(text), "S/dataset.json"); }

TEST(DatasetJson, ReadsTheDecathlonDialect) {
  const auto description =
      parse(R"({"name": "Liver", "labels": {"0": "background", "1": "liver", "2": "tumour"}, "modality": {"0": "CT"},
      "training": [{"image": "./imagesTr/a.nii.gz", "label": "./labelsTr/a.nii.gz"}, {"image": "./imagesTr/b.nii.gz"}],
      "test": ["./imagesTs/c.nii.gz"]})");
  EXPECT_EQ(description.dialect, Dialect::kMsd);
  EXPECT_THAT(description.class_names, ElementsAre("background", "liver", "tumour"));
  EXPECT_THAT(description.class_texts, ElementsAre(ElementsAre("background"), ElementsAre("liver"), ElementsAre("tumour")));
  ASSERT_EQ(description.training.size(), 2u);
  EXPECT_EQ(description.training[0].label, "./labelsTr/a.nii.gz");
  EXPECT_EQ(description.training[1].label, "");
  EXPECT_THAT(description.test.at(0).images, ElementsAre("./imagesTs/c.nii.gz"));
}

TEST(DatasetJson, ReadsTheNnunetDialectInAnyOrder) {
  const auto description = parse(R"({"channel_names": {"0": "T1", "1": "T2"}, "labels": {"edema": 2, "background": 0, "core": 1},
      "numTraining": 3, "file_ending": ".nrrd"})");
  EXPECT_EQ(description.dialect, Dialect::kNnunet);
  EXPECT_THAT(description.class_names, ElementsAre("background", "core", "edema"));
  EXPECT_THAT(description.channel_names, ElementsAre("T1", "T2"));
  EXPECT_EQ(description.file_ending, ".nrrd");
}

TEST(DatasetJson, ManyClassesComeInOrderOfTheirValue) {
  Json json = {{"labels", Json::object()}};
  for (const int i : {10, 3, 0, 7, 1, 2, 9, 4, 8, 6, 5}) json["labels"][std::to_string(i)] = "class " + std::to_string(i);
  const auto description = parse_dataset_json(json, "S");
  ASSERT_EQ(description.class_names.size(), 11u);
  EXPECT_EQ(description.class_names[10], "class 10");
  EXPECT_EQ(description.class_names[2], "class 2");
}

TEST(DatasetJson, TextsArePromptsBesideTheNames) {
  EXPECT_THAT(parse(R"({"labels": {"0": "background", "1": "LA"}, "text": ["background", "left atrium"]})").class_texts,
              ElementsAre(ElementsAre("background"), ElementsAre("left atrium")));
  EXPECT_THAT(parse(R"({"labels": {"0": "background", "1": "LA"}, "text": {"LA": "left atrium"}})").class_texts,
              ElementsAre(ElementsAre("background"), ElementsAre("left atrium")));
}

TEST(DatasetJson, AClassMayHaveSeveralSentences) {
  const auto description = parse(R"({"labels": {"0": "background", "1": "LA"},
      "text": {"LA": ["left atrium", "a bright, thin-walled chamber left of the spine"]}})");
  EXPECT_THAT(
      description.class_texts,
      ElementsAre(ElementsAre("background"), ElementsAre("left atrium", "a bright, thin-walled chamber left of the spine")));
  EXPECT_EQ(texts_to_json(description.class_texts, description.class_names),
            Json::parse(R"({"LA": ["left atrium", "a bright, thin-walled chamber left of the spine"]})"));
  const auto text = [](const char* value) {
    return std::string(R"({"labels": {"0": "background", "1": "LA"}, "text": {"LA": )") + value + "}}";
  };
  EXPECT_THAT(input_error_of([&] { parse(text("[]").c_str()); }), HasSubstr("S/dataset.json: text: found an empty list"));
  EXPECT_THAT(input_error_of([&] { parse(text(R"(["a", 3])").c_str()); }), HasSubstr(R"(found ["a",3])"));
  EXPECT_THAT(input_error_of([&] { parse(text(R"("  ")").c_str()); }), HasSubstr("a text, or a list of texts, per class"));
}

std::vector<int> classes_of_values(const DatasetDescription& description, const std::vector<int>& values) {
  std::vector<int> classes;
  for (const int value : values) classes.push_back(description.label_table.class_of(value).value_or(-1));
  return classes;
}

TEST(DatasetJson, ClassesMayHaveGapsAndSeveralValues) {
  const auto gaps = parse(R"({"labels": {"0": "background", "1": "core", "2": "oedema", "4": "enhancing"}})");
  EXPECT_THAT(gaps.class_names, ElementsAre("background", "core", "oedema", "enhancing"));
  EXPECT_THAT(classes_of_values(gaps, {0, 1, 2, 3, 4, 5}), ElementsAre(0, 1, 2, -1, 3, -1));
  const auto region = parse(R"({"labels": {"background": 0, "whole tumour": [1, 2, 4]}})");
  EXPECT_THAT(region.class_names, ElementsAre("background", "whole tumour"));
  EXPECT_THAT(classes_of_values(region, {0, 1, 2, 3, 4}), ElementsAre(0, 1, 1, -1, 1));
  EXPECT_TRUE(parse(R"({"labels": {"background": 0, "liver": 1}})").label_table.is_identity());
}

TEST(DatasetJson, LabelMapMergesRenamesAndDrops) {
  const char* const json =
      R"({"labels": {"0": "background", "1": "core", "2": "oedema", "3": "left", "4": "enhancing", "5": "dirt"},
      "label_map": {"1": "whole tumour", "2": "whole tumour", "4": "whole tumour", "3": "left lung", "5": "background"},
      "text": {"whole tumour": "glioma"}})";
  const auto mapped = parse(json);
  EXPECT_THAT(mapped.class_names, ElementsAre("background", "whole tumour", "left lung"));
  EXPECT_THAT(classes_of_values(mapped, {0, 1, 2, 3, 4, 5, 6}), ElementsAre(0, 1, 1, 2, 1, 0, -1));
  EXPECT_THAT(mapped.class_texts[1], ElementsAre("glioma"));
  const auto others = parse(R"({"labels": {"0": "background", "1": "a", "2": "b"}, "label_map": {">0": "tumour"}})");
  EXPECT_THAT(others.class_names, ElementsAre("background", "tumour"));
  EXPECT_THAT(classes_of_values(others, {0, 1, 2, 255}), ElementsAre(0, 1, 1, 1));
}

TEST(DatasetJson, ErrorsNameTheField) {
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "background"}})"); }), HasSubstr("one class, background"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"1": "a", "2": "x"}})"); }), HasSubstr("no class has the value 0"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "b", "3e9": "x"}})"); }), HasSubstr("found the value '3e9'"));
  EXPECT_THAT(
      input_error_of([] { parse(R"({"labels": {"background": "0", "liver": "1"}})"); }),
      HasSubstr(R"(found "background": "0", the name before the value and the value as text; expected "0": "background")"));
  EXPECT_THAT(parse(R"({"labels": {"background": 0, "myocardium": 205, "dirt": -1}})").class_names,
              ElementsAre("background", "dirt", "myocardium"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "a", "1": "a"}})"); }), HasSubstr("two classes are called 'a'"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"background": 0, "whole": [1, 2], "core": [2]}})"); }),
              HasSubstr("value 2 is in 'whole' and in 'core'; expected classes that exclude each other"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"background": 0, "a": 1, "ignore": 255}})"); }),
              HasSubstr("value 255 is to be ignored"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "b", "1": "a"}, "label_map": {"255": "ignore"}})"); }),
              HasSubstr("S/dataset.json: label_map: value 255 is to be ignored"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "b", "1": "a"}, "text": ["x"]})"); }),
              HasSubstr("1 texts; expected one per class: 2"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "b", "1": "liver"}, "text": {"livr": "x"}})"); }),
              HasSubstr("did you mean 'liver'"));
  EXPECT_THAT(input_error_of([] { parse(R"({"labels": {"0": "b", "1": "a"}, "training": [{"label": "x"}]})"); }),
              HasSubstr("names no image"));
  EXPECT_THAT(input_error_of([] { parse("[1]"); }), HasSubstr("S/dataset.json: holds"));
}

}  // namespace tss::dataset_json_test
