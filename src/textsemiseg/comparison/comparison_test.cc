#include "textsemiseg/comparison/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/scored_runs.h"
#include "textsemiseg/base/csv.h"
#include "textsemiseg/comparison/comparison_files.h"

namespace tss::comparison_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MadeUpRun;
using testing::rising;
using ::testing::SizeIs;
using testing::write_run;

class Compare : public ::testing::Test {
 protected:
  // A row of one run.
  void add(const std::string& name, const MadeUpRun& run) { runs_.push_back(write_run(folder_ / name, run)); }
  Comparison compared(const std::string& against = "") { return compare(study_of_runs(runs_, "test"), {.against = against}); }
  const Column& dice(const Comparison& all) { return all.metric("dice").mean(); }

  testing::TemporaryFolder folder_;
  std::vector<std::filesystem::path> runs_;
};

TEST_F(Compare, BoldIsWhatIsSignificantAfterHolm) {
  // Six cases, every difference positive and distinct: the smallest p of six pairs, 2 / 64.
  add("a", {.method = "supervised", .dice = rising(6, 0.5, 0.01)});
  add("b", {.method = "mc_net", .dice = rising(6, 0.6, 0.02)});
  const Comparison two = compared();
  EXPECT_EQ(two.against, "supervised");
  const PairedTest& test = *dice(two).against.rows[1];
  EXPECT_DOUBLE_EQ(*test.signed_rank.p, 2.0 / 64);
  EXPECT_DOUBLE_EQ(*test.signed_rank_holm, 2.0 / 64);
  EXPECT_NEAR(*test.bootstrap.difference.mean, 0.125, 1e-12);  // 0.1, 0.11, ... 0.15
  EXPECT_TRUE(dice(two).cells[1].bold);
  EXPECT_FALSE(dice(two).cells[0].bold);
  // Smaller distances are better, and here they are.
  EXPECT_TRUE(two.metric("hd95").mean().cells[1].bold);
  EXPECT_LT(*two.metric("hd95").mean().against.rows[1]->bootstrap.difference.mean, 0);

  // A second test doubles the smaller p: 4 / 64 is above 0.05.
  add("c", {.method = "text_semiseg", .dice = rising(6, 0.5, 0.011)});
  const Comparison three = compared();
  EXPECT_DOUBLE_EQ(*dice(three).against.rows[1]->signed_rank_holm, 4.0 / 64);
  EXPECT_FALSE(dice(three).cells[1].bold);
  EXPECT_EQ(dice(three).against.tests(), 2);
  EXPECT_THAT(three.notes, ::testing::Contains(HasSubstr("no difference can reach significance")));
}

TEST_F(Compare, WorseIsNeverBold) {
  add("a", {.method = "supervised", .dice = rising(8, 0.6, 0.02)});
  add("b", {.method = "mc_net", .dice = rising(8, 0.5, 0.01)});
  const Comparison all = compared();
  EXPECT_TRUE(dice(all).against.rows[1]->worse);
  EXPECT_FALSE(dice(all).cells[1].bold);
}

TEST_F(Compare, AgainstTheBestRow) {
  add("a", {.method = "supervised", .dice = rising(8, 0.5, 0.01)});
  add("b", {.method = "mc_net", .dice = rising(8, 0.6, 0.02)});
  const Comparison all = compared("best");
  EXPECT_EQ(all.against, "best");
  EXPECT_EQ(dice(all).against.reference, 1u);
  EXPECT_TRUE(dice(all).cells[1].bold);  // every other row is significantly worse
  EXPECT_EQ(dice(compared("supervised")).against_best.reference, 1u);

  // Now above, now below the best.
  add("c", {.method = "text_semiseg", .dice = {{0.61}, {0.60}, {0.66}, {0.64}, {0.70}, {0.66}, {0.74}, {0.68}}});
  EXPECT_FALSE(dice(compared("best")).cells[1].bold);  // nobody knows whether the third is worse
}

TEST_F(Compare, SeedsAreAveragedByCaseFirst) {
  add("a-seed0", {.method = "supervised", .dice = {{0.5}, {0.7}}, .seed = 0});
  add("a-seed1", {.method = "supervised", .dice = {{0.6}, {0.8}}, .seed = 1});
  add("b-seed0", {.method = "mc_net", .dice = {{0.5}, {0.8}}, .seed = 0});
  add("b-seed1", {.method = "mc_net", .dice = {{0.5}, {0.9}}, .seed = 1});
  const Comparison all = compared();
  ASSERT_THAT(all.rows, SizeIs(2));
  EXPECT_THAT(all.rows[0].seeds, ElementsAre(0, 1));
  const Cell& cell = dice(all).cells[0];
  EXPECT_NEAR(*cell.cases[0], 0.55, 1e-12);
  EXPECT_NEAR(*cell.cases[1], 0.75, 1e-12);
  EXPECT_NEAR(*cell.estimate.mean, 0.65, 1e-12);
  EXPECT_NEAR(*cell.seed_deviation, std::sqrt(0.005), 1e-12);  // of 0.6 and 0.7
  EXPECT_EQ(cell.values, 4);
  EXPECT_DOUBLE_EQ(*dice(all).cells[0].rank, 1.5);  // 0.55 against 0.5, 0.75 against 0.85
  runs_ = {runs_[0], runs_[2]};
  EXPECT_FALSE(dice(compared()).cells[0].seed_deviation.has_value());
  EXPECT_THAT(compared().notes, ::testing::Contains(HasSubstr("One seed per row")));
}

TEST_F(Compare, UndefinedValuesAreCountedAndLeftOutOfPairs) {
  add("a", {.method = "supervised", .dice = {{0.5, 0.6}, {0.6, 0.7}, {0.7, 0.8}}});
  add("b", {.method = "mc_net", .dice = {{0.6, 0.7}, {0, 0.9}, {0.9, -1}}});
  const Comparison all = compared();
  const Column& liver = all.metric("hd95").columns[0];
  EXPECT_EQ(liver.cells[1].undefined, 1);
  EXPECT_EQ(liver.cells[1].empty, 1);
  EXPECT_EQ(liver.cells[1].estimate.count, 2);
  EXPECT_EQ(liver.against.rows[1]->signed_rank.pairs, 2);
  EXPECT_EQ(liver.ranked_cases, 2);
  // A missed organ has Dice 0, which is defined.
  EXPECT_EQ(all.metric("dice").columns[0].cells[1].undefined, 0);
  EXPECT_EQ(all.metric("dice").columns[0].against.rows[1]->signed_rank.pairs, 3);
  // The mean of case 1 compares spleens alone, as mc_net has no distance of the liver there: 10 (0.7 - 0.9); of case 2 livers
  // alone.
  const Estimate difference = all.metric("hd95").mean().against.rows[1]->bootstrap.difference;
  EXPECT_EQ(difference.count, 3);
  EXPECT_NEAR(*difference.mean, (-1.0 - 2.0 - 2.0) / 3, 1e-9);
}

TEST_F(Compare, MissedOrgansDoNotMakeDistancesBold) {
  auto found = rising(9, 0.6, 0.02), missed = found;
  missed[4] = {0};
  add("a", {.method = "supervised", .dice = rising(9, 0.5, 0.01)});
  add("b", {.method = "mc_net", .dice = found});
  add("c", {.method = "text_semiseg", .dice = missed});
  const Comparison all = compared();
  const Column& column = all.metric("hd95").mean();
  EXPECT_TRUE(column.against.rows[2]->better);
  EXPECT_TRUE(column.cells[1].bold);
  EXPECT_FALSE(column.cells[2].bold);
}

TEST_F(Compare, ClassThatNoScanHas) {
  add("a", {.method = "supervised", .dice = {{0.5, -1}, {0.6, -1}}});
  add("b", {.method = "mc_net", .dice = {{0.6, -1}, {0.7, -1}}});
  const Column& spleen = compared().metric("dice").columns[1];
  EXPECT_FALSE(spleen.cells[0].estimate.mean.has_value());
  EXPECT_EQ(spleen.cells[0].undefined, 2);
  EXPECT_FALSE(spleen.against.rows[1].has_value());
  EXPECT_EQ(spleen.against.tests(), 0);
}

TEST_F(Compare, EqualScoresAreTiesDespiteRounding) {
  // 0.3 - 0.1 and 0.4 - 0.2 differ in the last bit; the file has nine digits.
  add("a", {.method = "supervised", .dice = {{0.1}, {0.2}, {0.5}}});
  add("b", {.method = "mc_net", .dice = {{0.3}, {0.4}, {0.5}}});
  const PairedTest& test = *dice(compared()).against.rows[1];
  EXPECT_EQ(test.signed_rank.zeros, 1);
  EXPECT_DOUBLE_EQ(test.signed_rank.positive_ranks, 3);
  EXPECT_DOUBLE_EQ(*test.signed_rank.p, 0.5);  // two signs: 2 * 1/4
}

TEST_F(Compare, NothingIsBoldWhereRowsAreNotComparable) {
  add("a", {.method = "supervised", .dice = rising(8, 0.5, 0.01)});
  const struct {
    const char* what;
    Json config, record, summary;
  } cases[] = {
      {"different patch: [32, 32, 32] (supervised); [48, 32, 32] (mc_net)", {{"sampler", {{"patch", {48, 32, 32}}}}}, {}, {}},
      {"different split", {{"split", "fold_1"}}, {}, {}},
      {"different split", {}, {{"split", {{"labelled", 5}}}}, {}},
      {"different lists of cases", {}, {{"cases", {{"labelled", {"organ_7"}}}}}, {}},
      {"different data set", {}, {{"dataset", "Other"}}, {}},
      {"different protocol", {}, {{"protocol", "published"}}, {}},
      {"different selection", {}, {{"selection", "last"}}, {}},
      {"different crops and augmentation", {{"sampler", {{"flips", true}}}}, {}, {}},
      {"different post-processing: none (supervised); largest component of each class, connectivity 26 (mc_net)",
       {},
       {},
       {{"postprocess", {{"keep_largest", true}}}}},
      {"different checkpoint scored", {}, {}, {{"checkpoint", "last checkpoint (iteration 100 of 100)"}}},
      {"different windows: overlap 0.5 (supervised); overlap 0.5, averaged over mirror images along x,y,z (mc_net)",
       {},
       {},
       {{"mirror", "x,y,z"}}},
      {"different windows: overlap 0.5 (supervised); overlap 0.5, computed in bf16 (mc_net)", {}, {}, {{"precision", "bf16"}}},
      {"but predictions made beforehand, elsewhere (mc_net)", {}, {}, {{"predictions", "made beforehand, elsewhere"}}},
      {"different empty masks", {}, {}, {{"empty_rule", "zeros"}}},
      {"different seeds: 0 (supervised); 3 (mc_net)", {{"seed", 3}}, {}, {}},
  };
  for (const auto& other : cases) {
    MadeUpRun run{.method = "mc_net", .dice = rising(8, 0.6, 0.02)};
    if (!other.config.is_null()) run.config = other.config;
    if (!other.record.is_null()) run.record = other.record;
    if (!other.summary.is_null()) run.summary = other.summary;
    runs_.resize(1);
    std::filesystem::remove_all(folder_ / "b");
    add("b", run);
    const Comparison all = compared();
    EXPECT_THAT(all.obstacles, ElementsAre(HasSubstr(other.what)));
    EXPECT_TRUE(dice(all).against.rows[1]->better) << other.what;  // the number is there
    EXPECT_FALSE(dice(all).cells[1].bold) << other.what;
  }
}

TEST_F(Compare, TestsAreLeftOutWhereNoRowHasLearned) {
  add("a", {.method = "supervised", .dice = rising(8, 0.01, 0.001)});
  add("b", {.method = "mc_net", .dice = rising(8, 0.05, 0.002)});
  const Comparison all = compared();
  EXPECT_FALSE(all.learned);
  EXPECT_FALSE(dice(all).against.reference || dice(all).against_best.reference);
  EXPECT_EQ(dice(all).against.tests(), 0);
  EXPECT_FALSE(dice(all).cells[1].bold);
  EXPECT_NEAR(*dice(all).cells[1].estimate.mean, 0.057, 1e-12) << "the scores are there";
  EXPECT_THAT(all.notes,
              ::testing::Contains(HasSubstr("No row has learned to segment: no mean Dice reaches 10 %. Tests are left out")));
  EXPECT_THAT(all.notes, ::testing::Not(::testing::Contains(HasSubstr("after Holm"))));
  const Json json = comparison_json(all);
  EXPECT_EQ(json["learned"], false);
  EXPECT_TRUE(json["metrics"]["dice"]["columns"][1]["against"]["rows"]["mc_net"].is_null());
  EXPECT_NO_THROW(comparison_csv(all));
  // One row that has learned is enough: that the other has not is a result.
  add("c", {.method = "text_semiseg", .dice = rising(8, 0.6, 0.01)});
  EXPECT_TRUE(compared().learned);
  EXPECT_TRUE(dice(compared()).cells[2].bold);
}

TEST_F(Compare, OtherCasesAreNoticedAndPairsAreCommonOnes) {
  add("a", {.method = "supervised", .dice = rising(8, 0.5, 0.01), .record = {{"split", {{"test", 8}}}}});
  add("b", {.method = "mc_net", .dice = rising(6, 0.6, 0.01), .record = {{"split", {{"test", 8}}}}});
  const Comparison all = compared();
  EXPECT_THAT(all.obstacles, ElementsAre(HasSubstr("different cases scored: 8 cases")));
  EXPECT_EQ(dice(all).against.rows[1]->signed_rank.pairs, 6);
}

TEST_F(Compare, UnknownRowsAndMetrics) {
  add("a", {.method = "supervised", .dice = rising(3, 0.5, 0.01)});
  EXPECT_EQ(testing::input_error_of([&] { compared("supervized"); }),
            "--against supervized: is no row (did you mean 'supervised'?); expected best, or one of supervised");
  EXPECT_THAT(testing::input_error_of([&] { compared().metric("dize"); }), HasSubstr("did you mean 'dice'?"));
  add("b", {.method = "mc_net", .dice = {{0.5, 0.5}}});
  EXPECT_THAT(testing::input_error_of([&] { compared(); }),
              HasSubstr("has the classes background, liver & bile, spleen_2; expected"));
}

TEST_F(Compare, JsonAndCsvHoldTheNumbers) {
  add("a", {.method = "supervised", .dice = rising(6, 0.5, 0.01), .costs = {{"seconds_per_step", 0.5}, {"device", "cpu"}}});
  add("b", {.method = "mc_net", .dice = rising(6, 0.6, 0.02)});
  const Comparison all = compared();
  const Json json = comparison_json(all);
  EXPECT_EQ(json["comparable"], true);
  const Json& test = json["metrics"]["dice"]["columns"][1]["against"]["rows"]["mc_net"];
  EXPECT_EQ(test["wilcoxon"]["p_holm"], 2.0 / 64);
  EXPECT_EQ(test["wilcoxon"]["exact"], true);
  EXPECT_EQ(test["pairs"], 6);
  EXPECT_EQ(test["significantly"], "better");
  EXPECT_TRUE(test["bootstrap"]["p_holm"].is_number());
  EXPECT_EQ(json["metrics"]["dice"]["columns"][0]["rows"]["mc_net"]["cases"].size(), 6u);
  EXPECT_TRUE(json["metrics"]["dice"]["columns"][0]["rows"]["mc_net"]["sd_over_seeds"].is_null());
  EXPECT_EQ(json["settings"]["iterations"], "100");

  const auto rows = parse_csv(comparison_csv(all), "csv");
  ASSERT_EQ(rows.size(), 1u + 2 * 4 * 2 + 1);  // header, rows x metrics x (class, mean), one cost
  EXPECT_EQ(rows[1][0] + "/" + rows[1][2] + "/" + rows[1][3] + "/" + rows[1][4], "supervised/dice/liver & bile/0.525");
  EXPECT_EQ(rows.back()[2] + "/" + rows.back()[4], "seconds_per_step/0.5");
}

}  // namespace tss::comparison_test
