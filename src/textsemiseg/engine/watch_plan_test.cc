#include "textsemiseg/engine/watch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/phantom_dataset.h"
#include "textsemiseg/engine/forecast.h"

namespace tss::watch_plan_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WatchPlanTest : public testing::PhantomDataset {
 protected:
  void SetUp() override {
    fs::copy(dataset_folder(), folder_ / "dataset", fs::copy_options::recursive);
    Split split = read_split(folder_ / "dataset/split.json");
    split.roles.erase(Role::kValidation);
    write_split(folder_ / "dataset/split.json", split);
  }
  RunConfig config(int64_t iterations, int64_t every = 0) const {
    return make_run_config({{"method", "supervised"},
                            {"dataset", (folder_ / "dataset").string()},
                            {"sampler", {{"patch", {16, 16, 16}}}},
                            {"train", {{"iterations", iterations}, {"validate_every", every}}}},
                           "test");
  }
};

// Looks and windows are counted one by one, as the loop asks for them.
TEST_F(WatchPlanTest, WithoutValidationCasesLooksCostTwoPercentAtMost) {
  const Dataset dataset = Dataset::open(folder_ / "dataset");
  bool some = false, none = false;
  for (const int64_t iterations : {1, 10, 57, 100, 300, 1000, 1001, 30000}) {
    const RunConfig run = config(iterations);
    const WatchPlan plan = plan_watching(run, dataset);
    ASSERT_FALSE(plan.selects);
    int64_t looks = 0;
    for (int64_t i = 1; i <= iterations; ++i) looks += look_is_due(plan, i, i == iterations, i == iterations) ? 1 : 0;
    int64_t windows = 0;
    for (const auto& ids : {plan.scored, plan.watched})
      for (const std::string& id : ids) windows += windows_of(dataset.load(id, LabelUse::kLeftAlone).geometry.size, plan.window);
    const double patches_trained = static_cast<double>(iterations * run.sampler.labelled);
    EXPECT_LE(static_cast<double>(looks * windows) * kWindowCost, 0.02 * patches_trained) << iterations;
    EXPECT_EQ(looks, plan.looks) << iterations;
    (looks > 0 ? some : none) = true;
    EXPECT_LE(looks, 15);
  }
  EXPECT_TRUE(some);
  EXPECT_TRUE(none);
}

TEST_F(WatchPlanTest, WhoAsksForLooksGetsThem) {
  const Dataset dataset = Dataset::open(folder_ / "dataset");
  const WatchPlan plan = plan_watching(config(10, 3), dataset);
  EXPECT_EQ(plan.every, 3);
  EXPECT_EQ(plan.looks, 4);
  EXPECT_EQ(plan.scored.size(), 2);
  EXPECT_EQ(plan.watched.size(), 3);
}

TEST_F(WatchPlanTest, ValidationCasesChooseFifteenTimes) {
  const Dataset dataset = Dataset::open(dataset_folder());
  const WatchPlan plan = plan_watching(config(3000), dataset);
  EXPECT_TRUE(plan.selects);
  EXPECT_EQ(plan.looks, 15);
  EXPECT_EQ(plan.scored, dataset.cases(Role::kValidation));
  EXPECT_EQ(plan.window.overlap, config(3000).inference.overlap);
}

TEST_F(WatchPlanTest, TheForecastHasEveryPart) {
  const Dataset dataset = Dataset::open(dataset_folder());
  const RunConfig run = config(3000);
  const std::string line = forecast(plan_watching(run, dataset), run, 5, 10, "memory about 1 of 2 GiB");
  EXPECT_THAT(line, HasSubstr("patch 16 x 16 x 16"));
  EXPECT_THAT(line, HasSubstr("10.00 s a step, 2995 more iterations with 15 validations take about "));
  EXPECT_THAT(line, HasSubstr("memory about 1 of 2 GiB. Shorter: "));
  EXPECT_THAT(forecast(plan_watching(run, dataset), run, 5, 0.01, "m"), ::testing::Not(HasSubstr("Shorter")));
}

TEST(TimeBudget, PaysForStartLooksCheckpointsAndEnd) {
  const TimeShares shares = {.begun = 10, .step = 2, .look = 5, .save = 1, .end = 20, .looks = 15, .every = 0, .save_every = 10};
  const int64_t fits = iterations_within(1000, shares);
  const auto seconds = [&](int64_t n) {
    return 10.0 + 20 + 15 * 5 + 2.0 * static_cast<double>(n) + 1 + static_cast<double>(n / 10);
  };
  EXPECT_LE(seconds(fits), 1000);
  EXPECT_GT(seconds(fits + 2), 1000);
  TimeShares asked = shares;
  asked.every = 1;
  EXPECT_LT(iterations_within(1000, asked), 150);
  EXPECT_EQ(iterations_within(1, shares), 1);
}

}  // namespace tss::watch_plan_test
