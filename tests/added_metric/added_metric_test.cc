// The worked example of docs/evaluate.md: a program adds a score in one entry, and files, tables, tests and pages have it. In a program of
// its own, for the list of scores is a program's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/scored_runs.h"
#include "textsemiseg/comparison/comparison_files.h"
#include "textsemiseg/comparison/document.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::added_metric_test {

using ::testing::HasSubstr;
using testing::rising;
using testing::write_run;

const bool kAdded = [] {
  add_metric({.name = "volume_difference",
              .title = "Volume difference",
              .unit = "fraction",
              .larger_is_better = false,
              .empty = {.one_empty = std::nullopt, .hundreds = 1},
              .compute =
                  [](const ScoredClass& scored) {
                    const auto found = static_cast<double>(scored.counts().prediction);
                    return std::abs(found / static_cast<double>(scored.counts().reference) - 1);
                  },
              .in_table = true,
              .compared = true});
  return true;
}();

LabelMap line(int64_t voxels) {
  Geometry grid;
  grid.size = {8, 1, 1};
  LabelMap map(grid);
  for (int64_t x = 0; x < voxels; ++x) map(x, 0, 0) = 1;
  return map;
}

// A made-up run with this score in its cases.csv.
std::filesystem::path add_run(const std::filesystem::path& folder, const std::string& method, double dice, double difference) {
  write_run(folder, {.method = method, .dice = rising(8, dice, 0.01)});
  const std::filesystem::path file = RunFolder{folder}.results("test").cases();
  ScoreSet set = read_cases_csv(file);
  for (size_t i = 0; i < set.cases.size(); ++i)
    set.cases[i].classes[0].set("volume_difference", difference + 0.001 * static_cast<double>(i));
  write_cases_csv(file, set);
  return folder;
}

class AddedMetric : public ::testing::Test {
 protected:
  AddedMetric() {
    const auto a = add_run(folder_ / "a", "supervised", 0.5, 0.3), b = add_run(folder_ / "b", "mc_net", 0.51, 0.1);
    study_ = study_of_runs({a, b}, "test");
    all_ = compare(study_);
  }

  testing::TemporaryFolder folder_;
  Study study_;
  Comparison all_;
};

TEST_F(AddedMetric, IsComputedByItsEntry) {
  EXPECT_DOUBLE_EQ(*score_classes(line(3), line(4), {1}).front()["volume_difference"], 0.25);
  const ScoreOptions hundreds{.empty = EmptyRule::kZerosHundreds, .distances = true};
  EXPECT_EQ(score_classes(line(0), line(4), {1}).front()["volume_difference"], std::nullopt);
  EXPECT_EQ(score_classes(line(0), line(4), {1}, hundreds).front()["volume_difference"], 1.0);
}

TEST_F(AddedMetric, StandsInTheFilesAndTheTableOfEvaluate) {
  ScoreSet set;
  set.cases = {{"a", score_classes(line(3), line(4), {1})}};
  write_cases_csv(folder_ / "cases.csv", set);
  EXPECT_THAT(read_text_file(folder_ / "cases.csv"), HasSubstr(",hd_voxels,volume_difference,prediction_voxels,"));
  EXPECT_EQ(read_cases_csv(folder_ / "cases.csv").cases[0].classes[0]["volume_difference"], 0.25);
  EXPECT_EQ(summary_json(set, {}).at("mean").at("volume_difference").at("mean"), 0.25);
  EXPECT_EQ(summary_json(set, {}).at("units"),
            "dice, jaccard, precision, recall, volume_difference: fractions; distances: mm, *_voxels in voxels");
  EXPECT_THAT(score_table(set), HasSubstr("Volume difference"));
}

TEST_F(AddedMetric, IsComparedWithItsDirection) {
  const Column& mean = all_.metric("volume_difference").mean();
  EXPECT_NEAR(*mean.cells[1].estimate.mean, 0.1035, 1e-9);
  EXPECT_TRUE(mean.cells[1].bold) << "smaller is better";
  EXPECT_EQ(*mean.cells[1].rank, 1);
  EXPECT_THAT(comparison_csv(all_), HasSubstr("mc_net,mc_net,volume_difference,mean,0.1035"));
  EXPECT_EQ(comparison_json(all_).at("metrics").at("volume_difference").at("unit"), "fraction");
  const std::string text = render_text(document_of(all_, {"dice", "volume_difference"}));
  EXPECT_THAT(text, HasSubstr("Volume difference (%)"));
  EXPECT_THAT(text, HasSubstr("*10.35*"));
  EXPECT_EQ(compared_metric_names(), (std::vector<std::string>{"dice", "jaccard", "hd95", "asd", "volume_difference"}));
}

TEST_F(AddedMetric, StandsInThePageOfReport) {
  const Page page = page_of_study(study_, all_);
  const Json metric = to_json(*page.cases).at("metrics").back();
  EXPECT_EQ(metric.at("name"), "volume_difference");
  EXPECT_EQ(metric.at("title"), "Volume difference");
  EXPECT_FALSE(metric.at("larger_is_better").get<bool>());
  EXPECT_NEAR(metric.at("values")[0][1][0].get<double>(), 0.1, 1e-12);
}

}  // namespace tss::added_metric_test
