#include "textsemiseg/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_program.h"

namespace tss::study_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;

std::vector<std::string> names_of(const PlannedStudy& study) {
  std::vector<std::string> out;
  for (const StudyRun& run : study.runs) out.push_back(run.name);
  return out;
}

TEST(PlannedStudy, HasEveryRowOnceBeforeAnyTwice) {
  const testing::StudyFolder folder;
  const PlannedStudy study = folder.study({}, {0, 4});
  EXPECT_THAT(names_of(study), ElementsAre("first-seed0", "second-seed0", "first-seed4", "second-seed4"));
  EXPECT_EQ(study.runs[3].configuration,
            (Json{{"train", {{"iterations", 10}}}, {"second", {{"fast", true}}}, {"method", "second"}, {"seed", 4}}));
  EXPECT_EQ(study.dataset_name, "organs");
  EXPECT_EQ(study.test_cases, 2);
  EXPECT_THAT(input_error_of([&] { folder.study({"frist"}); }),
              AllOf(HasSubstr("small: [[row]]"), HasSubstr("did you mean 'first'")));
  EXPECT_THAT(input_error_of([&] { folder.study({"first", "first"}); }), HasSubstr("--rows"));
}

TEST(PlannedStudy, PublishedFiguresGoWithTheNumberOfLabelledCases) {
  const testing::StudyFolder folder;
  EXPECT_EQ(folder.study().published_count, 3) << "the split's own number, in the plan's only dataset";
  StudyRequest request = folder.study().request;
  const auto with = [&](int64_t cases, int64_t asked) {
    testing::write_prepared_dataset(request.dataset, cases, 1);
    request.labelled = asked;
    return make_study(parse_plan(testing::kSmallPlan, "small"), request);
  };
  EXPECT_EQ(with(3, 3).published_count, 3);
  EXPECT_FALSE(with(5, 0).published_count);
  EXPECT_THAT(input_error_of([&] { with(5, 3); }), AllOf(HasSubstr("has 5 labelled cases"), HasSubstr("expected 3")));
  EXPECT_THAT(input_error_of([&] { with(5, 5); }), AllOf(HasSubstr("--labelled: found 5"), HasSubstr("one of 3")));
  request.plan_dataset = "orgna";
  EXPECT_THAT(input_error_of([&] { with(3, 0); }), HasSubstr("did you mean 'organ'"));
  request.dataset = folder.path() / "none";
  EXPECT_THAT(input_error_of([&] { with(3, 0); }), HasSubstr("one of organ"));
}

TEST(PlannedStudy, RecordNamesRowsRunsAndFigures) {
  const testing::StudyFolder folder;
  write_study_record(folder.study({"second"}));
  write_study_record(folder.study({"first"}, {0, 1}));
  write_study_record(folder.study({"first"}, {2}));
  const Json record = read_json(folder.out() / "study.json");
  EXPECT_EQ(record.at("title"), "Small");
  EXPECT_EQ(record.at("dataset"), "organs");
  EXPECT_EQ(record.at("plan_dataset"), "organ");
  EXPECT_EQ(record.at("labelled"), 3);
  ASSERT_EQ(record.at("rows").size(), 2u);
  EXPECT_EQ(record.at("rows")[0].at("runs"), Json({"first-seed0", "first-seed1", "first-seed2"}));
  EXPECT_EQ(record.at("rows")[0].at("published"), (Json{{"dice", 70.0}, {"jaccard", 60.0}, {"hd95", 5.0}, {"asd", 1.0}}));
  EXPECT_EQ(record.at("rows")[1].at("runs"), Json::array({"second-seed0"}));
  EXPECT_TRUE(record.at("rows")[1].at("published").is_null());
  EXPECT_EQ(record.at("notes"), Json({"all of it", "first: as it is"}));
  PlannedStudy changed = folder.study();
  changed.request.over = {{"train", {{"iterations", 5}, {"threads", 2}}}};
  EXPECT_EQ(study_record(changed).notes[1], "Other than the plan says, in every row: train.iterations = 5.");
}

TEST(PlannedStudy, SeedsStandOnce) {
  const testing::StudyFolder folder;
  EXPECT_THAT(input_error_of([&] { folder.study({}, {3, 7, 3}); }), HasSubstr("--seed-list: 3 stands twice"));
}

TEST(PlannedStudy, RecordOfAnotherStudyIsLeftAlone) {
  const testing::StudyFolder folder;
  write_study_record(folder.study());
  PlannedStudy other = folder.study();
  other.request.over["train"]["threads"] = 1;
  write_study_record(other);  // a matter of the machine
  other.request.over["train"]["log_every"] = 1;
  write_study_record(other);
  Json earlier = read_json(folder.out() / "study.json");
  earlier["settings"]["train"]["log_every"] = 5;  // as earlier versions kept it
  earlier.erase("split");
  write_json(folder.out() / "study.json", earlier);
  write_study_record(other);
  EXPECT_FALSE(read_json(folder.out() / "study.json").at("settings").at("train").contains("log_every"));
  other.request.over["train"]["iterations"] = 20;
  EXPECT_THAT(input_error_of([&] { write_study_record(other); }),
              AllOf(HasSubstr("study.json: settings"), HasSubstr("another --out")));
  PlannedStudy fold = folder.study();
  fold.request.split = "fold_1";
  EXPECT_THAT(input_error_of([&] { write_study_record(fold); }), HasSubstr("study.json: split"));
  write_text_file(folder.out() / "study.json", "{}\n");
  EXPECT_THAT(input_error_of([&] { write_study_record(folder.study()); }), HasSubstr("was not written by study"));
}

}  // namespace tss::study_test
