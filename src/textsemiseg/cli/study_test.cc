// Every row of the program's own plans is a configuration that train takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/study/table_plan.h"

namespace tss::study_test {

RunConfig config_of(const Plan& plan, const PlanDataset* dataset, const char* row) {
  return make_run_config(row_configuration(plan, dataset, plan.row(row)), plan.origin);
}

TEST(StudyPlans, EveryRowIsAConfiguration) {
  ASSERT_FALSE(plan_names().empty());
  for (const std::string& name : plan_names()) {
    const Plan plan = read_plan(name);
    ASSERT_FALSE(plan.rows.empty()) << name;
    std::vector<const PlanDataset*> datasets = {nullptr};
    for (const PlanDataset& dataset : plan.datasets) datasets.push_back(&dataset);
    for (const PlanDataset* dataset : datasets)
      for (const PlanRow& row : plan.rows) {
        const std::string what = concat(name, ", row ", row.name, dataset ? ", on " + dataset->name : "");
        RunConfig config;
        ASSERT_NO_THROW(config = make_run_config(row_configuration(plan, dataset, row), what)) << what;
        EXPECT_EQ(config.method, row.method);
        EXPECT_EQ(config.train.iterations, name == "first_look" ? 2000 : 30000) << what;
        EXPECT_EQ(config.sampler.labelled, 2) << what << ": every row sees the same labelled crops";
        EXPECT_EQ(config.sampler.unlabelled_crop, "random") << what;
        EXPECT_EQ(config.sampler.unlabelled, row.method == "supervised" ? 0 : 2) << what;
        if (dataset) {
          const auto patch = dataset->name == "hippocampus" ? std::vector<int64_t>{32, 48, 32} : std::vector<int64_t>(3, 96);
          EXPECT_EQ(config.sampler.patch, patch) << what;
          EXPECT_EQ(config.inference.patch, patch) << what;
        }
      }
  }
}

// Where a split has no validation cases the last checkpoint is scored: a rate that stays high to the end would make it a lottery.
TEST(StudyPlans, EveryRowEndsWithAnAnnealedRate) {
  for (const std::string& name : plan_names()) {
    const Plan plan = read_plan(name);
    std::vector<const PlanDataset*> datasets = {nullptr};
    for (const PlanDataset& dataset : plan.datasets) datasets.push_back(&dataset);
    for (const PlanDataset* dataset : datasets)
      for (const PlanRow& row : plan.rows) {
        const RunConfig config = config_of(plan, dataset, row.name.c_str());
        const int64_t t_max = config.train.iterations;
        EXPECT_LE(learning_rate_at(config.optimiser, t_max - 1, t_max), 0.011 * learning_rate_at(config.optimiser, 0, t_max))
            << name << ", row " << row.name << (dataset ? ", on " + dataset->name : "");
      }
  }
}

TEST(StudyPlans, TheTextEncoderIsPartOfEveryPlan) {
  for (const std::string& name : plan_names()) {
    const Plan plan = read_plan(name);
    for (const PlanRow& row : plan.rows)
      EXPECT_EQ(config_of(plan, nullptr, row.name.c_str()).text.source, name == "first_look" ? "learned" : "bert") << name;
  }
}

// In a run shorter than the released ones our ramps are full long before theirs.
TEST(StudyPlans, ShortRunsHaveTheReleasedRampsBeside) {
  for (const char* name : {"table1", "first_look"}) {
    const Plan plan = read_plan(name);
    for (const char* method :
         {"ua_mt", "dtc", "mc_net", "mc_net_plus", "urpc", "mcf", "bs_net", "mlrp", "vclip_seg", "text_semiseg"}) {
      const PlanRow& row = plan.row(std::string(method) + "_released_ramp");
      EXPECT_EQ(row.method, method);
      EXPECT_GE(row.shorter_than, 6000) << row.name;
      EXPECT_LE(row.shorter_than, 30000) << row.name << " would stand in the plan as it is";
      Json ours = resolved(config_of(plan, nullptr, method)), theirs = resolved(config_of(plan, nullptr, row.name.c_str()));
      std::vector<std::string> differing;
      for (const auto& [key, value] : ours[method].items())
        if (theirs[method][key] != value) differing.push_back(key);
      EXPECT_THAT(differing, ::testing::AnyOf(std::vector<std::string>{"ramp"}, std::vector<std::string>{"variant"})) << row.name;
      ours.erase(method);
      theirs.erase(method);
      EXPECT_EQ(ours, theirs) << row.name;
    }
    EXPECT_EQ(config_of(plan, nullptr, "urpc_unet3d").method_options.at("backbone"), "unet3d");
    EXPECT_EQ(config_of(plan, nullptr, "urpc_unet3d").optimiser.learning_rate, 0.1);
  }
}

// By name: a method that joins the program need not stand in the paper's table.
TEST(StudyPlans, TableOneAndTheFirstLookHaveTheRowsOfThePapersTable) {
  for (const char* name : {"table1", "first_look"}) {
    std::vector<std::string> methods;
    for (const PlanRow& row : read_plan(name).rows) methods.push_back(row.method);
    for (const char* one : {"supervised", "ua_mt", "dtc", "mc_net", "mc_net_plus", "urpc", "mcf", "bcp", "bs_net", "mlrp",
                            "vclip_seg", "text_semiseg"})
      EXPECT_THAT(methods, ::testing::Contains(one)) << name;
  }
}

TEST(StudyPlans, RowsOfTheAblationsSwitchWhatTheirNamesSay) {
  const Plan two = read_plan("table2"), three = read_plan("table3"), four = read_plan("table4");
  for (const PlanRow& row : two.rows) {
    if (row.method == "mc_net") continue;
    const Json options = config_of(two, nullptr, row.name.c_str()).method_options;
    const auto has = [&](const char* module) { return row.name.find(module) != std::string::npos; };
    EXPECT_EQ(options.at("tmr").at("fusion"), has("tmr") ? "multiplanar" : "none") << row.name;
    EXPECT_EQ(options.at("csa").at("enabled"), has("csa")) << row.name;
    EXPECT_EQ(options.at("dca").at("enabled"), has("dca")) << row.name;
  }
  EXPECT_EQ(config_of(three, nullptr, "repeat").method_options.at("tmr").at("fusion"), "repeat");
  for (const char* row : {"ua_mt", "dtc"}) {
    EXPECT_EQ(config_of(four, nullptr, row).method_options.at("text"), false);
    EXPECT_EQ(config_of(four, nullptr, (std::string(row) + "_text").c_str()).method_options.at("text"), true);
  }
  // The whole of Table 2 and the second row of Table 3 are Text-SemiSeg of Table 1, option by option.
  const Plan one = read_plan("table1");
  const PlanDataset* dataset = &one.dataset("brats2019");
  const Json whole = resolved(config_of(one, dataset, "text_semiseg"));
  EXPECT_EQ(resolved(config_of(two, dataset, "tmr_csa_dca")), whole);
  EXPECT_EQ(resolved(config_of(three, dataset, "multiplanar")), whole);
}

}  // namespace tss::study_test
