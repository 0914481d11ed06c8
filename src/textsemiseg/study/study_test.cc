#include "textsemiseg/study/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

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
    testing::write_prepared_dataset(request.dataset, cases, 2);
    request.labelled = asked;
    return make_study(parse_plan(testing::kSmallPlan, folder.plan()), request);
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

// The figures of one data set stood beside runs on another, as "same data set".
TEST(PlannedStudy, PublishedFiguresGoWithTheirDataAlone) {
  const testing::StudyFolder folder;
  StudyRequest request = folder.study().request;
  const auto study_with = [&](const std::function<void(DatasetRecord&, Split&)>& change,
                              const std::string& plan = testing::kSmallPlan) {
    testing::write_prepared_dataset(request.dataset, 3, 2);
    DatasetRecord record = read_dataset_record(request.dataset);
    Split split = read_split(request.dataset / "split.json");
    change(record, split);
    write_dataset_record(request.dataset, record);
    write_split(request.dataset / "split.json", split);
    return make_study(parse_plan(plan, folder.plan()), request);
  };
  const auto expect_none = [&](const PlannedStudy& study, const ::testing::Matcher<std::string>& reason) {
    EXPECT_FALSE(study.published_count);
    EXPECT_THAT(study.not_as_published, ElementsAre(reason));
    const StudyRecord record = study_record(study);
    EXPECT_TRUE(record.rows.list[0].published.is_null());
    EXPECT_TRUE(record.published_setting.is_null());
    EXPECT_THAT(record.notes, ::testing::Contains(AllOf(HasSubstr("Published figures are left out: "), reason)));
  };
  EXPECT_EQ(study_with([](DatasetRecord&, Split&) {}).published_count, 3);
  EXPECT_FALSE(study_record(study_with([](DatasetRecord&, Split&) {})).published_setting.is_null());
  expect_none(study_with([](DatasetRecord& record, Split&) { record.class_names = {"background", "Anterior", "Posterior"}; }),
              HasSubstr("the classes are background, Anterior, Posterior, those of the figures background, organ"));
  expect_none(study_with([](DatasetRecord& record, Split&) { record.recipe = recipe_from_name("ct_soft_tissue"); }),
              HasSubstr("prepared by the recipe ct_soft_tissue, those of the figures by generic"));
  expect_none(study_with([](DatasetRecord& record, Split&) { record.recipe.remove("reorient"); }),
              HasSubstr("by the recipe generic, those of the figures by generic as it comes"));
  expect_none(study_with([](DatasetRecord&, Split& split) { split.roles[Role::kTest] = {"t0", "other"}; }),
              HasSubstr("the split has 2 test cases, those of the figures (published.json) are others"));
  expect_none(study_with([](DatasetRecord&, Split& split) { split.roles[Role::kLabelled] = {"l0", "l1", "other"}; }),
              HasSubstr("3 training cases"));
  expect_none(study_with([](DatasetRecord&, Split& split) { split.roles[Role::kUnlabelled] = {"more"}; }),
              HasSubstr("4 training cases"));
  std::string silent = testing::kSmallPlan;
  silent.erase(silent.find("recipe = "), std::string("recipe = \"generic\"\n").size());
  expect_none(study_with([](DatasetRecord&, Split&) {}, silent), HasSubstr("the plan does not say"));
  request.labelled = 3;
  EXPECT_THAT(
      input_error_of([&] { study_with([](DatasetRecord& record, Split&) { record.class_names = {"background", "b"}; }); }),
      AllOf(HasSubstr("the classes are background, b"), HasSubstr("--labelled")));
}

// Which cases are set aside for validation is nobody's figure; which are labelled and tested is.
TEST(PlannedStudy, ValidationCasesMayBeSetAsideFromUnlabelledOnes) {
  const testing::StudyFolder folder;
  StudyRequest request = folder.study().request;
  Split published = read_split(request.dataset / "split.json");
  published.roles[Role::kUnlabelled] = {"u0", "u1", "u2"};
  write_split(folder.path() / "published.json", published);
  Split own = published;
  own.roles[Role::kUnlabelled] = {"u0", "u2"};
  own.roles[Role::kValidation] = {"u1"};
  write_split(request.dataset / "split.json", own);
  EXPECT_EQ(make_study(parse_plan(testing::kSmallPlan, folder.plan()), request).published_count, 3);
  published.roles[Role::kValidation] = {"v0"};  // where the publication has its own, they are part of the setting
  write_split(folder.path() / "published.json", published);
  EXPECT_FALSE(make_study(parse_plan(testing::kSmallPlan, folder.plan()), request).published_count);
}

TEST(PlannedStudy, SomeRowsStandInShortStudiesAlone) {
  const testing::StudyFolder folder;
  StudyRequest request = folder.study().request;
  const std::string plan = std::string(testing::kSmallPlan) + "[[row]]\nname = \"ramp\"\nshorter_than = 20\n";
  const auto runs = [&] { return names_of(make_study(parse_plan(plan, folder.plan()), request)); };
  EXPECT_THAT(runs(), ElementsAre("first-seed0", "second-seed0", "ramp-seed0"));
  request.over = {{"train", {{"iterations", 20}}}};
  EXPECT_THAT(runs(), ElementsAre("first-seed0", "second-seed0"));
  request.rows = {"ramp"};
  EXPECT_THAT(runs(), ElementsAre("ramp-seed0")) << "whoever asks for it gets it";
}

TEST(PlannedStudy, AStudyKeepsItsTextEncoder) {
  const testing::StudyFolder folder;
  PlannedStudy study = folder.study();
  write_study_record(study);
  study.text_encoder = "BERT, weights 12345678";
  write_study_record(study);
  write_study_record(study);
  study.text_encoder = "";  // rows without class texts alone
  write_study_record(study);
  EXPECT_EQ(read_json(folder.out() / "study.json").at("text_encoder"), "BERT, weights 12345678");
  study.text_encoder = "learned unit vector";
  EXPECT_THAT(input_error_of([&] { write_study_record(study); }), HasSubstr("study.json: text_encoder"));
  Json earlier = read_json(folder.out() / "study.json");
  earlier.erase("text_encoder");
  write_json(folder.out() / "study.json", earlier);
  write_study_record(study);
  EXPECT_EQ(read_json(folder.out() / "study.json").at("text_encoder"), "learned unit vector");
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
  EXPECT_EQ(record.at("published_setting").at("classes"), Json({"background", "organ"}));
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
