#include "textsemiseg/runs/study_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/scored_runs.h"
#include "textsemiseg/comparison/comparison.h"
#include "textsemiseg/comparison/comparison_files.h"
#include "textsemiseg/comparison/settings.h"

namespace tss::study_rows_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::input_error_of;
using ::testing::IsEmpty;
using testing::MadeUpRun;
using ::testing::Pair;
using testing::rising;
using ::testing::SizeIs;
using testing::write_run;
using testing::write_study;

TEST(StudyOfRuns, SeedsOfOneConfigurationMakeARow) {
  const testing::TemporaryFolder folder;
  const auto run = [&](const std::string& name, int64_t seed, const Json& config) {
    return write_run(folder / name, {.method = "ua_mt", .dice = rising(3, 0.5, 0.01), .seed = seed, .config = config});
  };
  const std::vector<std::filesystem::path> runs{
      run("plain-seed1", 1, Json::object()), run("plain-seed0", 0, {{"train", {{"threads", 4}, {"log_every", 5}}}}),
      run("warm_seed_0", 0, {{"ua_mt", {{"weight", 2.0}}}}), run("warm_seed_1", 1, {{"ua_mt", {{"weight", 2.0}}}})};
  const Study study = study_of_runs(runs, "test");
  ASSERT_THAT(study.rows, SizeIs(2));
  EXPECT_EQ(study.rows[0].name, "plain");
  EXPECT_EQ(study.rows[1].name, "warm");
  EXPECT_EQ(study.rows[0].runs[0].seed, 0);
  EXPECT_EQ(study.rows[0].runs[1].seed, 1);
  EXPECT_THAT(input_error_of([&] { study_of_runs({runs[0], runs[0]}, "test"); }), HasSubstr("has seed 1 twice"));
  EXPECT_EQ(study_of_runs({runs[0]}, "test").rows[0].name, "ua_mt");
}

TEST(StudyOfRuns, SaysWhichCommandMakesMissingResults) {
  const testing::TemporaryFolder folder;
  const auto run = write_run(folder / "a", {.dice = rising(3, 0.5, 0.01), .results = false});
  EXPECT_EQ(input_error_of([&] { study_of_runs({run}, "test"); }),
            run.string() + ": has no results/test; make them with: textsemiseg evaluate --run " + run.string() + " --role test");
  EXPECT_THAT(input_error_of([&] { study_of_runs({folder / "none"}, "test"); }), HasSubstr("there is no such folder"));
  EXPECT_THAT(input_error_of([&] { study_of_runs({folder.path()}, "test"); }), HasSubstr("is no run"));
}

TEST(StudyFolder, MissingFailedAndUnfinishedRunsAreObstacles) {
  const testing::TemporaryFolder folder;
  write_run(folder / "a", {.dice = rising(8, 0.5, 0.01)});
  write_run(folder / "b", {.method = "mc_net", .dice = rising(8, 0.6, 0.02), .iteration = 60});
  write_run(folder / "c", {.method = "dtc", .dice = rising(8, 0.6, 0.02), .results = false});
  write_study(folder.path(), {{"supervised", {"a"}}, {"mc_net", {"b"}}, {"dtc", {"c"}}, {"bcp", {"d"}}});
  std::filesystem::create_directories(folder / "logs");
  write_text_file(folder / "logs" / "d.failed", "train: out of memory\nmore\n");
  const Comparison all = compare(read_study(folder.path(), "test"));
  EXPECT_THAT(all.obstacles,
              ElementsAre(HasSubstr("mc_net: run b is not finished: iteration 60 of 100"),
                          HasSubstr("dtc: run c has no results/test; make them with: textsemiseg evaluate --run "),
                          HasSubstr("bcp: run d was not trained: there is no such folder (failed: train: out of memory)")));
  EXPECT_FALSE(all.metric("dice").mean().cells[1].bold);
  EXPECT_FALSE(all.metric("dice").mean().cells[3].estimate.mean.has_value());
  EXPECT_THAT(input_error_of([&] { compare(read_study(folder.path(), "test"), {.against = "bcp"}); }),
              HasSubstr("has no results"));
}

TEST(StudyFolder, ResultsOfAnEarlierCheckpointAreNoticed) {
  const testing::TemporaryFolder folder;
  write_run(folder / "a", {.dice = rising(3, 0.5, 0.01)});
  write_json(folder / "a" / "checkpoints" / "best.json", {{"best_iteration", 50}});
  EXPECT_THAT(read_run_results(folder / "a", "test").problem, IsEmpty());
  write_json(folder / "a" / "checkpoints" / "best.json", {{"best_iteration", 90}});
  EXPECT_THAT(read_run_results(folder / "a", "test").problem, HasSubstr("results of an earlier checkpoint"));
  write_run(folder / "b", {.dice = rising(3, 0.5, 0.01), .summary = {{"checkpoint", "last checkpoint (iteration 100 of 100)"}}});
  EXPECT_THAT(read_run_results(folder / "b", "test").problem, IsEmpty());
  write_json(folder / "b" / "checkpoints" / "last.json", {{"iteration", 200}, {"iterations", 200}});
  EXPECT_THAT(read_run_results(folder / "b", "test").problem, HasSubstr("results of an earlier checkpoint"));
}

TEST(StudyFolder, NotesOfRowsStandOnce) {
  const testing::TemporaryFolder folder;
  write_run(folder / "a", {.dice = rising(12, 0.5, 0.01)});
  write_study(folder.path(), {{"supervised", {"a"}}}, {{"notes", {"all of it", "supervised: as it is"}}});
  Study study = read_study(folder.path(), "test");
  study.rows[0].note = "as it is";  // as study writes both
  const std::vector<std::string> notes = compare(study).notes;
  EXPECT_EQ(std::count(notes.begin(), notes.end(), "supervised: as it is"), 1);
}

TEST(StudyFolder, PublishedFiguresOnlyInTheirSetting) {
  const testing::TemporaryFolder folder;
  write_run(folder / "a", {.dice = rising(3, 0.5, 0.01)});
  const auto published = [&](const Json& over) {
    Json study = over;
    write_study(folder.path(), {{"supervised", {"a"}}}, over);
    Json file = read_json(folder / "study.json");
    file["rows"][0]["published"] = {{"dice", 54.94}, {"hd95", 47.48}};
    write_json(folder / "study.json", file);
    return compare(read_study(folder.path(), "test")).rows[0];
  };
  const std::vector<Metric> mm = compared_metrics(false), voxels = compared_metrics(true);
  const RowInfo row = published(Json::object());
  EXPECT_DOUBLE_EQ(*published_score(row, mm[0]), 0.5494);
  EXPECT_FALSE(published_score(row, mm[2]).has_value());  // the paper's are voxels
  EXPECT_DOUBLE_EQ(*published_score(row, voxels[2]), 47.48);
  EXPECT_TRUE(published({{"labelled", 5}}).published.is_null());
  EXPECT_TRUE(published({{"plan_dataset", ""}}).published.is_null());
  EXPECT_TRUE(published({{"plan_dataset", nullptr}}).published.is_null());
}

TEST(StudyFolder, ErrorsNameTheField) {
  const testing::TemporaryFolder folder;
  const auto error = [&](const char* text) {
    write_text_file(folder / "study.json", text);
    return input_error_of([&] { read_study(folder.path(), "test"); });
  };
  EXPECT_THAT(error("{}"), HasSubstr("study.json: rows: found null; expected a list of rows"));
  EXPECT_THAT(error("[]"), HasSubstr("study.json: rows"));
  EXPECT_THAT(error(R"({"rows": [{"runs": []}]})"), HasSubstr("rows[0].name: found null; expected text"));
  EXPECT_THAT(error(R"({"rows": [{"name": "a", "runs": "x"}]})"),
              HasSubstr("rows[0].runs: found text; expected a list of folders"));
  EXPECT_THAT(error(R"({"rows": [{"name": "a", "runs": []}, {"name": "a", "runs": []}]})"), HasSubstr("two are named 'a'"));
  EXPECT_THAT(error(R"({"rows": [{"name": "a", "runs": ["x"]}]})"), HasSubstr("no run has results for the role test"));
}

TEST(Differences, SharedKeysThatDifferAndEachMethodsOwnOptions) {
  const testing::TemporaryFolder folder;
  const auto a = write_run(folder / "a", {.dice = rising(3, 0.5, 0.01), .config = {{"sampler", {{"unlabelled", 0}}}}});
  const auto b =
      write_run(folder / "b", {.method = "mc_net", .dice = rising(3, 0.5, 0.01), .config = {{"mc_net", {{"weight", 1.0}}}}});
  const auto c = write_run(
      folder / "c",
      {.method = "mc_net",
       .dice = rising(3, 0.5, 0.01),
       .config = {{"mc_net", {{"weight", 0.5}}}, {"train", {{"threads", 8}, {"log_every", 1}}}, {"inference", {{"batch", 4}}}}});
  const auto found = differences(study_of_runs({a, b, c}, "test"));
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].row, "supervised");
  EXPECT_THAT(found[0].values, ElementsAre(Pair("sampler.unlabelled", "0"), Pair("supervised.variant", "paper")));
  EXPECT_THAT(found[1].values, ElementsAre(Pair("sampler.unlabelled", "2"), Pair("mc_net.weight", "1.0")));
  Json record = read_json(a / "run.json");
  record["phases"] = {{{"name", "first"}, {"iterations", 40}}, {{"name", "second"}, {"iterations", 60}}};
  write_json(a / "run.json", record);
  EXPECT_THAT(differences(study_of_runs({a, b}, "test"))[0].values, ::testing::Contains(Pair("phases", "first 40, second 60")));
  EXPECT_THAT(found[2].values, ElementsAre(Pair("sampler.unlabelled", "2"), Pair("mc_net.weight", "0.5")));
}

}  // namespace tss::study_rows_test
