#include "textsemiseg/dataset/source_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::source_classes_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;

const std::vector<std::string> kClasses = {"background", "Anterior", "Posterior", "left atrium"};

LabelClasses own(const std::vector<std::string>& names) {
  std::vector<std::string> all = {"background"};
  all.insert(all.end(), names.begin(), names.end());
  return {all, LabelTable::identity(std::ssize(all))};
}

ClassRule rule(const std::string& option, const std::string& text) { return parse_class_rule(option, text, {"A", "B", "C"}); }

SourceRecord matched(const std::vector<std::string>& names, const std::vector<ClassRule>& rules = {}) {
  SourceRecord source{"B", "/b", "MSD", {}, {}};
  match_classes(source, own(names), kClasses, rules);
  return source;
}

TEST(SourceClasses, EqualNamesAreOneClassWhateverTheirCase) {
  const SourceRecord source = matched({"posterior", "ANTERIOR", "left_atrium"});
  EXPECT_TRUE(source.groups.tells_all_apart());
  EXPECT_EQ(*source.label_table.class_of(1), 2);
  EXPECT_EQ(*source.label_table.class_of(2), 1);
  EXPECT_EQ(*source.label_table.class_of(3), 3);
  EXPECT_TRUE(matched({"Anterior", "Posterior", "left atrium"}).label_table.is_identity());
}

TEST(SourceClasses, WhatASourceDoesNotAnnotateLiesInItsBackground) {
  const SourceRecord source = matched({"Posterior"});
  EXPECT_THAT(source.groups.lowest, ElementsAre(0, 0, 2, 0));
  EXPECT_EQ(*source.label_table.class_of(1), 2);
  EXPECT_EQ(source.label_table.class_of(2), std::nullopt);
  EXPECT_EQ(source.describe(kClasses), "tells apart Posterior; Anterior, left atrium may lie in its background");
}

TEST(SourceClasses, MergedClassesAreStoredAsTheLowest) {
  const SourceRecord source = matched({"left atrium", "Hippocampus"}, {rule("--merge", "hippocampus = Posterior+Anterior")});
  EXPECT_THAT(source.groups.lowest, ElementsAre(0, 1, 1, 3));
  EXPECT_EQ(*source.label_table.class_of(1), 3);
  EXPECT_EQ(*source.label_table.class_of(2), 1);
  EXPECT_EQ(*source.label_table.class_of_name("Hippocampus", kClasses), 1);
  EXPECT_EQ(source.describe(kClasses), "tells apart left atrium; Anterior and Posterior are one");
}

TEST(SourceClasses, ARuleForOneSourceGoesBeforeOneForAll) {
  const std::vector<ClassRule> rules = {rule("--synonym", "front=Posterior"), rule("--synonym", "B:front=Anterior"),
                                        rule("--synonym", "C:front=left atrium")};
  EXPECT_THAT(matched({"front"}, rules).groups.lowest, ElementsAre(0, 1, 0, 0));
}

TEST(SourceClasses, TwoNamesMayMeanTheSameGroup) {
  const std::vector<ClassRule> rules = {rule("--merge", "left=Anterior+Posterior"), rule("--merge", "right=Anterior+Posterior")};
  const SourceRecord source = matched({"left", "right"}, rules);
  EXPECT_THAT(source.groups.lowest, ElementsAre(0, 1, 1, 0));
  EXPECT_EQ(*source.label_table.class_of(2), 1);
  EXPECT_THAT(matched({"Anterior", "fat"}, {rule("--synonym", "fat=background")}).groups.lowest, ElementsAre(0, 1, 0, 0));
}

TEST(SourceClasses, OtherNamesAreRefusedWithWhatToDo) {
  EXPECT_THAT(input_error_of([] { matched({"Anteriour"}); }),
              HasSubstr("source B: its class 'Anteriour' is none of background, Anterior, Posterior, left atrium (did you mean "
                        "'Anterior'?); expected --synonym \"Anteriour=CLASS\", --merge"));
  EXPECT_THAT(input_error_of([] { matched({"whole"}, {rule("--merge", "whole=Anterior+Posteror")}); }),
              HasSubstr("--merge whole=Anterior+Posteror: 'Posteror' is no class"));
  EXPECT_THAT(
      input_error_of([] { matched({"Anterior", "whole"}, {rule("--merge", "whole=Anterior+Posterior")}); }),
      HasSubstr("source B: 'Anterior' is in its 'Anterior' and in its 'whole'; expected classes that exclude each other"));
  EXPECT_THAT(input_error_of([] { matched({"whole", "Anterior"}, {rule("--merge", "whole=Anterior+Posterior")}); }),
              HasSubstr("'Anterior' is in its 'whole' and in its 'Anterior'"));
  EXPECT_THAT(input_error_of([] { matched({"whole"}, {rule("--merge", "whole=background+Anterior")}); }),
              HasSubstr("source B: its 'whole' merges 'background' with other classes"));
}

TEST(SourceClasses, RulesAreReadOrRefused) {
  EXPECT_THAT(rule("--merge", "C: whole = Anterior + Posterior").classes, ElementsAre("Anterior", "Posterior"));
  for (const char* text : {"whole", "whole=", "=Anterior+Posterior", "whole=Anterior", "whole=Anterior+"})
    EXPECT_THAT(input_error_of([&] { rule("--merge", text); }), HasSubstr("--merge: found '" + std::string(text) + "'")) << text;
  EXPECT_THAT(input_error_of([] { rule("--synonym", "a=Anterior+Posterior"); }), HasSubstr("expected \"NAME=CLASS\""));
  EXPECT_THAT(input_error_of([] { rule("--synonym", "site:a=Anterior"); }), HasSubstr("'site' is no source; expected A, B, C"));
  const std::vector<SourceRecord> sources = {{"B", "", "", {}, {}}};
  EXPECT_THAT(
      input_error_of(
          [&] { require_rules_used({rule("--merge", "Hipocampus=Anterior+Posterior")}, sources, {own({"Hippocampus"})}); }),
      HasSubstr("--merge Hipocampus=Anterior+Posterior: no source has a class 'Hipocampus' (did you mean 'Hippocampus'?)"));
  EXPECT_THAT(input_error_of([&] { require_rules_used({rule("--synonym", "B:x=Anterior")}, sources, {own({"y"})}); }),
              HasSubstr("source B has no class 'x'"));
}

TEST(SourceClasses, ARecordIsReadAsItWasWritten) {
  for (const SourceRecord& source : {matched({"Posterior"}), matched({"Anterior", "Posterior", "left atrium"}),
                                     matched({"whole"}, {rule("--merge", "whole=Anterior+Posterior")})}) {
    const SourceRecord read = source_record_from_json(to_json(source, kClasses), kClasses, "dataset.json");
    EXPECT_EQ(read.name, "B");
    EXPECT_EQ(read.folder, "/b");
    EXPECT_EQ(read.groups, source.groups);
    EXPECT_EQ(read.label_table.class_of(1), source.label_table.class_of(1));
  }
  Json json = to_json(matched({"Posterior"}), kClasses);
  json["groups"] = {{"background", "Anterior"}, {"Posterior"}};
  EXPECT_THAT(input_error_of([&] { source_record_from_json(json, kClasses, "dataset.json: sources"); }),
              HasSubstr("dataset.json: sources: groups: 'left atrium' in none; expected every class once"));
  json["groups"] = {{"background", "Anterior"}, {"Anterior", "Posterior", "left atrium"}};
  EXPECT_THAT(input_error_of([&] { source_record_from_json(json, kClasses, "x"); }), HasSubstr("'Anterior' twice"));
}

}  // namespace tss::source_classes_test
