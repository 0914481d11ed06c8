#include "textsemiseg/workflows/training_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/recipe/recipe.h"

namespace tss::training_plan_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TrainingFacts facts_of(const Size3& size, int64_t labelled, double hours) {
  TrainingFacts facts;
  for (int i = 0; i < 5; ++i) facts.scans.scans.push_back({"case", size, {1, 1, 1}});
  facts.scans.read = 1;
  facts.scans.high = 900;
  facts.class_names = {"background", "liver"};
  facts.labelled = labelled;
  facts.unlabelled = 80;
  facts.seconds_per_voxel = 1e-6;
  facts.hours = hours;
  return facts;
}

TrainingPlan plan_of(const TrainingFacts& facts) { return plan_training(facts, recipe_from_name("generic")); }

TEST(TrainingPlan, TheClockTakesFromThePatch) {
  const TrainingPlan long_run = plan_of(facts_of({200, 200, 160}, 10, 48));
  EXPECT_THAT(long_run.preparation.patch, ElementsAre(96, 96, 96)) << join(long_run.preparation.reasons, "\n");
  const TrainingPlan short_run = plan_of(facts_of({200, 200, 160}, 10, 0.5));
  const Size3& patch = short_run.preparation.patch;
  EXPECT_LT(patch[0] * patch[1] * patch[2], 96 * 96 * 96);
  EXPECT_GE(short_run.iterations, 1500);
  EXPECT_THAT(join(short_run.preparation.reasons, "\n"), HasSubstr("so that 1500 iterations fit into the time"));
  const TrainingPlan hasty = plan_of(facts_of({200, 200, 160}, 10, 0.01));
  EXPECT_THAT(hasty.preparation.patch, ElementsAre(32, 32, 32)) << "less shows nothing";
  EXPECT_LT(hasty.iterations, 1500);
  EXPECT_THAT(join(hasty.reasons, "\n"), HasSubstr("few: below 1500"));
}

TEST(TrainingPlan, MemoryTakesFromThePatchToo) {
  TrainingFacts facts = facts_of({200, 200, 160}, 10, 48);
  facts.most_memory_voxels = 64 * 64 * 64;
  const TrainingPlan plan = plan_of(facts);
  EXPECT_THAT(plan.preparation.patch, ElementsAre(64, 64, 64));
  EXPECT_THAT(join(plan.preparation.reasons, "\n"), HasSubstr("what memory allows"));
}

TEST(TrainingPlan, FewLabelsGetTheMethodThatUsesTheOthers) {
  EXPECT_EQ(method_for(4, 80), "plus");
  EXPECT_EQ(method_for(8, 80), "supervised");
  EXPECT_EQ(method_for(4, 3), "supervised") << "hardly any scan to learn from";
  TrainingFacts facts = facts_of({200, 200, 160}, 4, 2);
  EXPECT_EQ(plan_of(facts).config.at("method"), "plus");
  facts.method = "bcp";
  EXPECT_EQ(plan_of(facts).config.at("method"), "bcp");
}

TEST(TrainingPlan, SmallScansGetFewerLevels) {
  EXPECT_EQ(levels_for({96, 96, 96}), 5);
  EXPECT_EQ(levels_for({64, 64, 64}), 5);
  EXPECT_EQ(levels_for({64, 64, 48}), 4);
  EXPECT_EQ(levels_for({32, 48, 32}), 4);
  EXPECT_EQ(levels_for({8, 8, 8}), 2);
  const TrainingPlan plan = plan_of(facts_of({36, 50, 36}, 10, 2));
  EXPECT_THAT(plan.preparation.patch, ElementsAre(40, 48, 40));
  EXPECT_THAT(plan.config.at("network").at("widths").get<std::vector<int64_t>>(), ElementsAre(16, 32, 64, 128));
}

TEST(TrainingPlan, MirrorsAreLegalAndTheConfigurationIsTaken) {
  TrainingFacts facts = facts_of({36, 50, 36}, 4, 2);
  facts.class_names = {"background", "Anterior", "Posterior"};
  const TrainingPlan plan = plan_of(facts);
  EXPECT_THAT(plan.config.at("sampler").at("mirrors").get<std::vector<int64_t>>(), ElementsAre(0, 2));
  const RunConfig config = make_run_config(plan.config, "test");
  EXPECT_EQ(config.train.time_budget, 7200);
  EXPECT_THAT(config.sampler.patch, ElementsAre(40, 48, 40));
  EXPECT_EQ(config.network.levels(), 4);
  EXPECT_EQ(config.preset, "strong");
}

}  // namespace tss::training_plan_test
