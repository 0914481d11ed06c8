#include "textsemiseg/runs/scores.h"

#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::scores_test {

ClassScore score(int label, Score dice, Score hd95) {
  ClassScore s;
  s.label = label;
  s.set("dice", dice);
  s.set("hd95", hd95);
  return s;
}

ScoreSet two_cases() {
  ScoreSet set;
  set.class_names = {"background", "left, upper", "right"};
  set.cases = {{"a", {score(1, 0.8, 2.0), score(2, 0.6, 4.0)}}, {"b", {score(1, 0.9, std::nullopt)}}};
  return set;
}

TEST(ScoreSet, AbsentClassesFollowTheEmptyRule) {
  ScoreSet set = two_cases();
  set.fill_absent_classes();
  ASSERT_EQ(set.cases[1].classes.size(), 2u);
  EXPECT_EQ(set.cases[1].classes[1]["dice"], std::nullopt);
  set = two_cases();
  set.empty = EmptyRule::kZerosHundreds;
  set.fill_absent_classes();
  EXPECT_EQ(set.cases[1].classes[1]["hd95"], 100.0);
}

TEST(ScoreSet, EstimatesLeaveUndefinedValuesOut) {
  ScoreSet set = two_cases();
  set.fill_absent_classes();
  EXPECT_NEAR(*estimate_class(set, 1, "dice").mean, 0.85, 1e-12);
  EXPECT_EQ(estimate_class(set, 1, "hd95").count, 1);
  // Case a: (0.8 + 0.6) / 2, case b: class 1 alone.
  EXPECT_NEAR(*estimate_mean_class(set, "dice").mean, (0.7 + 0.9) / 2, 1e-12);
}

TEST(ScoreSet, JsonOfEvaluate) {
  const Json json = scores_json(two_cases());
  EXPECT_EQ(json["classes"][0]["class"], 1);
  EXPECT_NEAR(json["classes"][0]["dice"].get<double>(), 0.85, 1e-12);
  EXPECT_TRUE(json["classes"][0]["asd"].is_null());
  EXPECT_EQ(json["cases"][1]["case"], "b");
  EXPECT_TRUE(json["cases"][1]["classes"][0]["hd95"].is_null());
  EXPECT_EQ(json["empty_rule"], "undefined");
}

TEST(ScoreSet, SummaryHoldsFactsAndIntervals) {
  const Json json = summary_json(two_cases(), {{"protocol", "honest"}});
  EXPECT_EQ(json.begin().key(), "protocol");
  EXPECT_EQ(json["classes"][0]["dice"]["n"], 2);
  EXPECT_NEAR(json["classes"][0]["dice"]["low"].get<double>(), 0.8, 1e-12);
  EXPECT_NEAR(json["classes"][0]["dice"]["high"].get<double>(), 0.9, 1e-12);
  EXPECT_TRUE(json["classes"][1]["dice"]["sd"].is_null());
  EXPECT_EQ(json["interval"]["resamples"], 10000);
}

TEST(ScoreSet, CsvLeavesUndefinedCellsEmptyAndQuotesNames) {
  const testing::TemporaryFolder folder;
  write_cases_csv(folder / "cases.csv", two_cases());
  const std::string text = read_text_file(folder / "cases.csv");
  EXPECT_EQ(text.substr(0, 15), "case,class,name");
  EXPECT_NE(text.find("\na,1,\"left, upper\",0.8,,,,2,"), std::string::npos) << text;
  EXPECT_NE(text.find("\nb,1,\"left, upper\",0.9,,,,,"), std::string::npos) << text;
}

TEST(ScoreSet, CsvIsReadBack) {
  const testing::TemporaryFolder folder;
  write_cases_csv(folder / "cases.csv", two_cases());
  const ScoreSet set = read_cases_csv(folder / "cases.csv");
  ASSERT_EQ(set.cases.size(), 2u);
  EXPECT_EQ(set.cases[1].id, "b");
  ASSERT_EQ(set.cases[0].classes.size(), 2u);
  EXPECT_EQ(set.cases[0].classes[1].label, 2);
  EXPECT_EQ(set.cases[0].classes[0]["dice"], 0.8);
  EXPECT_EQ(set.cases[1].classes[0]["hd95"], std::nullopt);
  EXPECT_EQ(set.class_names, (std::vector<std::string>{"", "left, upper", "right"}));

  std::string text = read_text_file(folder / "cases.csv");
  write_text_file(folder / "bad.csv", "case,class\nx,1\n");
  EXPECT_NE(testing::input_error_of([&] { read_cases_csv(folder / "bad.csv"); }).find("no column 'name'"), std::string::npos);
  write_text_file(folder / "bad.csv", text.replace(text.find("\nb,1,"), 5, "\na,1,"));
  EXPECT_NE(testing::input_error_of([&] { read_cases_csv(folder / "bad.csv"); }).find("row 4: class 1 stands twice"),
            std::string::npos);
}

// A file from before the scores in voxels, with a score that nobody here knows.
TEST(ScoreSet, ColumnsThatAFileLacksAreUndefined) {
  const testing::TemporaryFolder folder;
  write_text_file(
      folder / "cases.csv",
      "case,class,name,dice,jaccard,precision,recall,hd95,asd,assd,hd,volume_ratio,prediction_voxels,reference_voxels\n"
      "a,1,liver,0.8,0.7,0.9,0.6,2.5,1.5,,7,1.1,90,100\n");
  const ScoreSet set = read_cases_csv(folder / "cases.csv");
  ASSERT_EQ(set.cases.size(), 1u);
  const ClassScore& read = set.cases[0].classes.at(0);
  EXPECT_EQ(read["hd"], 7.0);
  EXPECT_EQ(read["assd"], std::nullopt);
  EXPECT_EQ(read["hd95_voxels"], std::nullopt);
  EXPECT_EQ(read.reference_voxels, 100);
  EXPECT_FALSE(estimate_class(set, 1, "hd95_voxels").mean.has_value());
}

TEST(ScoreSet, TableOfOneAndOfSeveralCases) {
  const std::string several = score_table(two_cases());
  EXPECT_NE(several.find("1 left, upper"), std::string::npos);
  EXPECT_NE(several.find("0.850"), std::string::npos);
  EXPECT_NE(several.find("mean"), std::string::npos);
  EXPECT_NE(several.find("2.00 n=1"), std::string::npos);
  ScoreSet one = two_cases();
  one.cases.resize(1);
  EXPECT_NE(score_table(one).find("0.800"), std::string::npos);
  EXPECT_EQ(score_table(one).find("["), std::string::npos);
}

}  // namespace tss::scores_test
