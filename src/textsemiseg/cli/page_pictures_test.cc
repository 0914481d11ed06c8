#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dataset_files.h"
#include "support/scored_runs.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/page/page_assets.h"
#include "textsemiseg/page/pictures.h"
#include "textsemiseg/page/run_page.h"

namespace tss::pictures_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Six scored cases of a prepared data set, and runs with predictions of them that are the references.
class PagePicturesTest : public ::testing::Test {
 protected:
  static constexpr int64_t kCases = 6;

  PagePicturesTest() {
    set_log_level(LogLevel::kQuiet);
    testing::write_msd(folder_ / "source", 8, 8);
    PrepareOptions options = testing::prepare_options(folder_ / "source", dataset_);
    options.split.labelled = "2";
    options.split.test = options.split.validation = "0";
    prepare_dataset(options);
  }

  fs::path add(const std::string& method, const Json& record = Json::object(), const Json& summary = Json::object()) {
    testing::MadeUpRun run{.method = method, .dice = {}, .record = record, .summary = summary};
    for (int64_t i = 0; i < kCases; ++i) run.dice.push_back({0.9 - 0.01 * static_cast<double>(i), 0.8});
    run.record["dataset_folder"] = dataset_.string();
    const fs::path out = testing::write_run(folder_ / method, run);
    // Ids as those of the data set.
    std::string csv = read_text_file(out / "results" / "test" / "cases.csv");
    for (int64_t i = 0; i < kCases; ++i) {
      const std::string made_up = concat("case_", i, ",");
      for (size_t at = csv.find(made_up); at != std::string::npos; at = csv.find(made_up))
        csv.replace(at, made_up.size(), testing::case_id(i) + ",");
    }
    write_text_file(out / "results" / "test" / "cases.csv", csv);
    const Dataset data = Dataset::open(dataset_);
    for (int64_t i = 0; i < kCases; ++i) write_label_map(prediction(method, i), data.read_label(testing::case_id(i)));
    Json kept = read_json(out / "results" / "test" / "summary.json");
    kept.erase("empty_rule");
    kept["dataset_folder"] = dataset_.string();
    write_json(prediction(method, 0).parent_path() / "predictions.json", kept);
    runs_.push_back(out);
    return out;
  }

  fs::path prediction(const std::string& method, int64_t i) const {
    return folder_ / method / "results" / "test" / "predictions" / (testing::case_id(i) + ".nii.gz");
  }

  Page page(const RunPageOptions& options = {}) const {
    const Study study = study_of_runs(runs_, "test");
    return page_of_study(study, compare(study), options);
  }

  static std::string confusion_text(const Page& page) {
    std::string out;
    for (const PageSection& section : page.sections) {
      if (section.id == "confusion") out = join(section.paragraphs, " ");
    }
    return out;
  }
  // The share of head voxels that were called head, by row.
  static std::vector<std::string> heads(const Page& page) {
    std::vector<std::string> out;
    for (const PageSection& section : page.sections) {
      if (section.id != "confusion") continue;
      for (const PageTable& table : section.tables) out.push_back(table.rows.at(1).at(2).text);
    }
    return out;
  }

  testing::TemporaryFolder folder_;
  fs::path dataset_ = folder_ / "dataset";
  std::vector<fs::path> runs_;
};

TEST_F(PagePicturesTest, ShowWhatWasScored) {
  add("supervised");
  add("mc_net");
  const Page made = page();
  EXPECT_THAT(made.cases->notes, IsEmpty());
  EXPECT_THAT(confusion_text(made), HasSubstr("over all 6 cases together"));
  EXPECT_EQ(heads(made), (std::vector<std::string>{"100.00", "100.00"}));
  if (page_assets().interactive()) {
    EXPECT_EQ(made.cases->volumes.size(), 6u);
  }
  EXPECT_EQ(render_page(made).find(folder_.path().string()), std::string::npos);
}

TEST_F(PagePicturesTest, PredictionsFromElsewhereAreNotShown) {
  add("supervised");
  add("mc_net", Json::object(), {{"predictions", "made beforehand, in a folder given by the user"}});
  const Page made = page();
  EXPECT_THAT(made.cases->notes, Contains(AllOf(HasSubstr("mc_net: no predictions are shown"), HasSubstr("made beforehand"))));
  for (const PageCases::Still& still : made.cases->stills) EXPECT_EQ(still.row, 0u);
  EXPECT_THAT(confusion_text(made), HasSubstr("mc_net has no predictions at hand"));
}

TEST_F(PagePicturesTest, PredictionsOfOtherSettingsAreNotShown) {
  add("supervised");
  const fs::path run = add("mc_net");
  Json summary = read_json(run / "results" / "test" / "summary.json");
  summary["mirror"] = "x,y,z";
  Json record = read_json(prediction("mc_net", 0).parent_path() / "predictions.json");
  record["mirror"] = "none";
  write_json(run / "results" / "test" / "summary.json", summary);
  write_json(prediction("mc_net", 0).parent_path() / "predictions.json", record);
  const Page made = page();
  EXPECT_THAT(made.cases->notes, Contains(AllOf(HasSubstr("mc_net"), HasSubstr("cannot be made again"))));
  for (const PageCases::Still& still : made.cases->stills) EXPECT_EQ(still.row, 0u);
}

TEST_F(PagePicturesTest, RowsOnTheOtherGridAreLeftOut) {
  for (const bool first : {true, false}) {
    runs_.clear();
    add("supervised", {{"protocol", first ? "published" : "honest"}});
    add("mc_net", {{"protocol", first ? "honest" : "published"}});
    const Page made = page();
    EXPECT_THAT(made.cases->notes, Contains(AllOf(HasSubstr("mc_net: no predictions are shown"), HasSubstr("grid"))));
    EXPECT_THAT(made.warnings, Contains(HasSubstr("different protocol")));
  }
}

TEST_F(PagePicturesTest, OneBadPredictionIsNamedAndTheOthersShown) {
  add("supervised");
  add("mc_net");
  LabelMap unknown = testing::box_labels({11, 9, 8}, 3);
  unknown.voxels.back() = 7;
  write_label_map(prediction("mc_net", 1), unknown);
  write_label_map(prediction("mc_net", 2), testing::box_labels({5, 5, 5}, 3));
  write_text_file(prediction("mc_net", 3), "no image");
  const Page made = page();
  EXPECT_THAT(made.cases->notes, Contains(AllOf(HasSubstr("mc_net: the predictions of 3 cases are not shown; case case_0"),
                                                Not(HasSubstr(folder_.path().string())))));
  EXPECT_THAT(confusion_text(made), HasSubstr("over 3 of the 6 cases (those with predictions of every row below) together"));
  // The same cases in both rows.
  EXPECT_EQ(heads(made), (std::vector<std::string>{"100.00", "100.00"}));
}

TEST_F(PagePicturesTest, ABadScanIsNamedAndTheOthersShown) {
  add("supervised");
  write_text_file(folder_ / "source" / "labelsTr" / "case_02.nii.gz", "no image");
  const Page made = page();
  EXPECT_THAT(made.cases->notes, Contains(HasSubstr("Case case_02 is not shown: ")));
  EXPECT_THAT(confusion_text(made), HasSubstr("over 5 of the 6 cases"));
}

TEST_F(PagePicturesTest, TheSizeAskedForIsKept) {
  add("supervised");
  add("mc_net");
  for (const double megabytes : {1.0, 0.1, 0.02}) {
    RunPageOptions options;
    options.megabytes = megabytes;
    const Page made = page(options);
    double bytes = 0;
    for (const auto& [id, text] : made.cases->volumes) bytes += static_cast<double>(text.size());
    for (const PageCases::Still& still : made.cases->stills)
      bytes += static_cast<double>(encode_png(still.picture).size()) * 4 / 3;
    EXPECT_LE(bytes, megabytes * 1e6);
    if (megabytes < 0.05) {
      EXPECT_THAT(made.cases->notes, Contains(HasSubstr("left out for the size")));
    }
  }
}

TEST_F(PagePicturesTest, TestCasesAreNotScoredUnasked) {
  const fs::path scored = add("supervised");
  const fs::path unscored = testing::write_run(folder_ / "dtc", {.method = "dtc", .dice = {{0.5, 0.5}}, .results = false});
  std::vector<std::string> words{"textsemiseg",     "report",   scored.string(),
                                 unscored.string(), "--output", (folder_ / "p.html").string()};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(run_program(static_cast<int>(argv.size()), argv.data()), 3);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("dtc: has no test scores"), HasSubstr("evaluate --run " + unscored.string() + " --role test")));
  EXPECT_FALSE(fs::exists(folder_ / "p.html"));
}

TEST_F(PagePicturesTest, ReportRefusesToReplaceAFile) {
  const fs::path run = add("supervised");
  for (const char* option : {"--output", "--figure"}) {
    const fs::path file = folder_ / (std::string(option) == "--output" ? "p.html" : "p.svg");
    write_text_file(file, "mine");
    EXPECT_EQ(testing::input_error_of([&] { run_verb({"report", run.string(), option, file.string()}); }),
              file.string() + ": exists; expected a new name, or --overwrite");
    EXPECT_EQ(read_text_file(file), "mine");
  }
}

}  // namespace tss::pictures_test
