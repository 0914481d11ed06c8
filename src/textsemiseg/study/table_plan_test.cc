#include "textsemiseg/study/table_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "support/testing.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/recipe/recipe.h"

namespace tss::table_plan_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

constexpr const char* kPlan = R"(
title = "Two methods"
source = "somebody"
protocol = "all alike"
notes = ["one"]

[common]
train.iterations = 100
sampler.patch = [96, 96, 96]

[evaluate]
keep_largest = true

[[dataset]]
name = "organ"
title = "An organ"
labelled = [6, 12]
[dataset.settings]
sampler.patch = [32, 48, 32]

[[row]]
name = "first"
title = "The first"
method = "mc_net"
[row.settings]
mc_net.variant = "reference"
[row.published]
organ = {6 = [70.5, 55.25, 14, 2.5]}

[[row]]
name = "supervised"
)";

std::string replaced(const std::string& what, const std::string& by) {
  std::string text = kPlan;
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string error_of(const std::string& what, const std::string& by) {
  return testing::input_error_of([&] { parse_plan(replaced(what, by), "mine.toml"); });
}

TEST(Plan, ReadsWhatTheFileSays) {
  const Plan plan = parse_plan(kPlan, "mine.toml");
  EXPECT_EQ(plan.title, "Two methods");
  EXPECT_THAT(plan.notes, ElementsAre("one"));
  EXPECT_TRUE(plan.evaluation.keep_largest);
  EXPECT_THAT(plan.dataset("organ").labelled, ElementsAre(6, 12));
  EXPECT_EQ(plan.rows.at(1).method, "supervised") << "the row's name where no method is given";
  const PlanDataset& organ = plan.dataset("organ");
  EXPECT_EQ(published_scores(plan.row("first"), &organ, 6), (PublishedScores{70.5, 55.25, 14, 2.5}));
  EXPECT_FALSE(published_scores(plan.row("first"), &organ, 12));
  EXPECT_FALSE(published_scores(plan.row("first"), nullptr, 6));
}

TEST(Plan, LaysTheRowOverTheDatasetOverWhatIsCommon) {
  const Plan plan = parse_plan(kPlan, "mine.toml");
  const Json alone = row_configuration(plan, nullptr, plan.row("first"));
  EXPECT_EQ(alone.at("sampler").at("patch"), Json({96, 96, 96}));
  const Json over = {{"train", {{"iterations", 7}}}};
  const Json config = row_configuration(plan, &plan.dataset("organ"), plan.row("first"), over);
  EXPECT_EQ(config.at("sampler").at("patch"), Json({32, 48, 32}));
  EXPECT_EQ(config.at("mc_net").at("variant"), "reference");
  EXPECT_EQ(config.at("train").at("iterations"), 7);
  EXPECT_EQ(config.at("method"), "mc_net");
}

TEST(Plan, ErrorsNameFileAndField) {
  EXPECT_THAT(error_of("notes =", "nots ="), AllOf(HasSubstr("mine.toml: nots"), HasSubstr("did you mean 'notes'")));
  EXPECT_THAT(error_of("title = \"The first\"", "titel = \"The first\""), HasSubstr("mine.toml: row 1 (first).titel"));
  EXPECT_THAT(error_of("labelled = [6, 12]", "labelled = 6"), HasSubstr("mine.toml: dataset 1 (organ).labelled: found 6"));
  EXPECT_THAT(error_of("\"first\"", "\"First row\""), AllOf(HasSubstr("row 1 (First row).name"), HasSubstr("letters a-z")));
  EXPECT_THAT(error_of("name = \"supervised\"", "name = \"first\""), HasSubstr("row 2 (first).name: stands twice"));
  EXPECT_THAT(error_of("{6 =", "{7 ="), AllOf(HasSubstr("row 1 (first).published.organ.7"), HasSubstr("6, 12")));
  EXPECT_THAT(error_of("organ = {6", "organs = {6"), HasSubstr("row 1 (first).published.organs: the plan has no dataset"));
  EXPECT_THAT(error_of("[70.5, 55.25, 14, 2.5]", "[70.5, 55.25, 14]"), HasSubstr("expected [Dice, Jaccard, 95HD, ASD]"));
  EXPECT_THAT(error_of("[70.5, 55.25, 14, 2.5]", "[0.705, 0.5525, 14, 2.5]"), HasSubstr("in percent"));
  EXPECT_THAT(error_of("title = \"The first\"", "shorter_than = -1"), HasSubstr("row 1 (first).shorter_than: found -1"));
  EXPECT_THAT(error_of("mc_net.variant", "seed = 3\nmc_net.variant"), HasSubstr("row 1 (first).settings.seed"));
  EXPECT_THAT(error_of("train.iterations", "method = \"dtc\"\ntrain.iterations"), HasSubstr("mine.toml: common.method"));
  EXPECT_THAT(error_of("title = \"Two methods\"", "title = = 1"), HasSubstr("mine.toml, line 2"));
  EXPECT_THAT(error_of("notes =", "extends = \"table9\"\nnotes ="), AllOf(HasSubstr("mine.toml: extends"), HasSubstr("table1")));
  EXPECT_THAT(testing::input_error_of([] { read_plan("tabel1"); }), HasSubstr("did you mean 'table1'"));
  const Plan plan = parse_plan(kPlan, "mine.toml");
  EXPECT_THAT(testing::input_error_of([&] { plan.row("frist"); }), HasSubstr("did you mean 'first'"));
}

TEST(Plan, ExtendsOneOfTheProgramsOwn) {
  const Plan base = read_plan("table1");
  const Plan mine = parse_plan(
      "title = \"mine\"\nextends = \"table1\"\nnotes = [\"own\"]\n[common]\ntrain.iterations = 5\n[[row]]\nname = \"mlrp\"", "m");
  EXPECT_EQ(mine.protocol, base.protocol);
  EXPECT_EQ(mine.datasets.size(), base.datasets.size());
  EXPECT_EQ(mine.rows.size(), 1u);
  EXPECT_EQ(mine.source, "");
  EXPECT_EQ(mine.notes.size(), base.notes.size() + 1);
  EXPECT_EQ(mine.common.at("train").at("iterations"), 5);
  EXPECT_EQ(mine.common.at("inference").at("weights"), "constant");
}

// Without these a figure could stand beside any data.
TEST(Plan, FiguresOfThePaperSayOnWhichDataTheyWereMade) {
  for (const PlanDataset& dataset : read_plan("table1").datasets) {
    EXPECT_EQ(dataset.classes.size(), 2u) << dataset.name;
    EXPECT_EQ(dataset.split, dataset.name);
    EXPECT_EQ(dataset.recipe, dataset.name + "_published") << "the comparable one, whose crops meet the structure as often";
    EXPECT_THAT(dataset.preparation, HasSubstr("--recipe " + dataset.recipe + " --split " + dataset.split)) << dataset.name;
    EXPECT_NO_THROW(recipe_from_name(dataset.recipe));
    EXPECT_NO_THROW(published_split(dataset.split));
  }
}

// The figures are facts of the paper; the Dice columns of Table 1 stand here again, from another transcription.
TEST(Plan, TablesHoldWhatWasPublished) {
  EXPECT_THAT(plan_names(), IsSupersetOf({"first_look", "table1", "table2", "table3", "table4"}));
  const Plan one = read_plan("table1");
  struct Printed {
    const char* row;
    std::vector<double> dice;  // pancreas 6, 12, BraTS 25, 50, lung 10, 20
  };
  const std::vector<Printed> printed = {
      {"supervised", {54.94, 75.07, 74.43, 80.16, 36.36, 57.67}},  {"ua_mt", {66.44, 76.10, 79.49, 79.72, 40.22, 61.24}},
      {"dtc", {66.58, 76.27, 77.54, 82.38, 59.64, 63.40}},         {"mc_net", {69.07, 78.17, 81.52, 83.79, 52.23, 56.10}},
      {"mc_net_plus", {70.00, 79.37, 79.27, 83.47, 58.72, 59.52}}, {"urpc", {73.53, 80.02, 82.59, 82.93, 55.19, 62.20}},
      {"mcf", {67.71, 75.00, 78.83, 80.07, 53.81, 62.86}},         {"bcp", {75.17, 82.91, 78.64, 80.20, 59.34, 65.01}},
      {"bs_net", {64.61, 78.93, 79.93, 82.03, 47.33, 53.30}},      {"mlrp", {75.93, 81.53, 84.29, 85.47, 62.12, 67.63}},
      {"vclip_seg", {74.77, 80.56, 83.12, 84.05, 59.39, 67.58}},   {"text_semiseg", {81.27, 83.50, 85.27, 86.69, 65.02, 68.21}}};
  std::vector<const PlanRow*> rows;  // the paper's; there are others beside them
  for (const PlanRow& row : one.rows)
    if (!row.published.empty()) rows.push_back(&row);
  ASSERT_EQ(rows.size(), printed.size());
  for (size_t r = 0; r < printed.size(); ++r) {
    EXPECT_EQ(rows[r]->name, printed[r].row);
    size_t column = 0;
    for (const PlanDataset& dataset : one.datasets)
      for (const int64_t labelled : dataset.labelled) {
        const auto scores = published_scores(*rows[r], &dataset, labelled);
        ASSERT_TRUE(scores) << rows[r]->name << " " << dataset.name << " " << labelled;
        EXPECT_EQ(scores->dice, printed[r].dice.at(column++)) << rows[r]->name;
      }
  }
  // A whole line of the paper, and lines that stand in two tables.
  EXPECT_EQ(published_scores(one.row("bcp"), &one.dataset("msd_lung"), 10), (PublishedScores{59.34, 44.83, 11.12, 3.69}));
  const Plan two = read_plan("table2"), three = read_plan("table3"), four = read_plan("table4");
  for (const auto& [name, labelled] : {std::pair<std::string, int64_t>{"pancreas_ct", 12}, {"brats2019", 50}}) {
    const PlanDataset& dataset = one.dataset(name);
    const auto figure = [&](const Plan& plan, const char* row) { return published_scores(plan.row(row), &dataset, labelled); };
    EXPECT_EQ(figure(two, "none"), figure(one, "mc_net"));
    EXPECT_EQ(figure(two, "mc_net"), figure(one, "mc_net"));
    EXPECT_EQ(figure(two, "tmr_csa_dca"), figure(one, "text_semiseg"));
    EXPECT_EQ(figure(three, "multiplanar"), figure(one, "text_semiseg"));
    EXPECT_EQ(figure(four, "ua_mt"), figure(one, "ua_mt"));
    EXPECT_EQ(figure(four, "dtc"), figure(one, "dtc"));
    for (const Plan* plan : {&two, &three, &four})
      for (const PlanRow& row : plan->rows)
        EXPECT_TRUE(published_scores(row, &dataset, labelled)) << plan->origin << " " << row.name;
  }
  EXPECT_EQ(two.rows.size(), 9u);
  EXPECT_EQ(published_scores(two.row("dca"), &one.dataset("pancreas_ct"), 12), (PublishedScores{83.41, 71.81, 4.44, 1.19}));
  EXPECT_EQ(published_scores(three.row("repeat"), &one.dataset("brats2019"), 50), (PublishedScores{85.57, 76.16, 8.50, 1.33}));
  EXPECT_EQ(published_scores(four.row("dtc_text"), &one.dataset("pancreas_ct"), 12), (PublishedScores{81.04, 68.70, 7.74, 1.27}));
  EXPECT_EQ(published_scores(four.row("ua_mt_text"), &one.dataset("brats2019"), 50), (PublishedScores{84.21, 74.86, 9.49, 1.65}));
}

// Each column of the printed tables, added up apart from the plans.
TEST(Plan, ColumnsAddUpToThoseOfThePaper) {
  struct Column {
    const char *plan, *dataset;
    int64_t labelled;
    std::array<double, 4> sums;  // Dice, Jaccard, 95HD, ASD
  };
  const std::vector<Column> columns = {{"table1", "pancreas_ct", 6, {840.02, 670.76, 211.58, 53.36}},
                                       {"table1", "pancreas_ct", 12, {947.43, 794.16, 98.88, 24.99}},
                                       {"table1", "brats2019", 25, {964.92, 841.59, 167.98, 33.08}},
                                       {"table1", "brats2019", 50, {990.96, 871.92, 136.80, 26.06}},
                                       {"table1", "msd_lung", 10, {649.37, 478.99, 134.89, 73.86}},
                                       {"table1", "msd_lung", 20, {744.72, 574.99, 133.70, 64.79}},
                                       {"table2", "pancreas_ct", 12, {653.65, 557.12, 47.62, 10.09}},
                                       {"table2", "brats2019", 50, {682.59, 607.48, 72.34, 12.26}},
                                       {"table3", "pancreas_ct", 12, {165.85, 142.36, 11.67, 3.29}},
                                       {"table3", "brats2019", 50, {172.26, 153.99, 16.15, 2.57}},
                                       {"table4", "pancreas_ct", 12, {310.94, 258.71, 37.85, 7.06}},
                                       {"table4", "brats2019", 50, {331.28, 291.95, 40.89, 7.44}}};
  for (const Column& column : columns) {
    const Plan plan = read_plan(column.plan);
    std::array<double, 4> sums{};
    for (const PlanRow& row : plan.rows) {
      if (row.name == "mc_net" && std::string(column.plan) == "table2") continue;  // beside the table, from Table 1
      if (row.published.empty()) continue;
      const auto scores = published_scores(row, &plan.dataset(column.dataset), column.labelled);
      ASSERT_TRUE(scores) << column.plan << " " << row.name;
      const double values[] = {scores->dice, scores->jaccard, scores->hd95, scores->asd};
      for (size_t i = 0; i < 4; ++i) sums[i] += values[i];
    }
    for (size_t i = 0; i < 4; ++i)
      EXPECT_NEAR(sums[i], column.sums[i], 0.001) << column.plan << " " << column.dataset << " " << i;
  }
}

}  // namespace tss::table_plan_test
