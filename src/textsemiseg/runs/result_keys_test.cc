#include "textsemiseg/runs/result_keys.h"

#include <gtest/gtest.h>

namespace tss::result_keys_test {

TEST(ResultKeys, ATimeBudgetIsSpentWhenTheRunBegins) {
  EXPECT_TRUE(leaves_result_alone("train.log_every"));
  EXPECT_TRUE(may_change_on_the_way("train.log_every"));
  EXPECT_TRUE(leaves_result_alone("train.time_budget"));
  EXPECT_FALSE(may_change_on_the_way("train.time_budget"));
  EXPECT_FALSE(leaves_result_alone("train.iterations"));
  EXPECT_FALSE(leaves_result_alone("optimiser.threads"));
}

TEST(ResultKeys, DecidingSettingsKeepTheRest) {
  const Json tree{{"seed", 0},
                  {"train", {{"device", "cpu"}, {"iterations", 10}, {"log_every", 5}}},
                  {"sampler", {{"threads", 2}, {"queue", 4}}},
                  {"inference", {{"batch", 8}, {"overlap", 0.5}}},
                  {"text", Json::object()}};
  EXPECT_EQ(deciding_settings(tree),
            (Json{{"seed", 0}, {"train", {{"iterations", 10}}}, {"inference", {{"overlap", 0.5}}}, {"text", Json::object()}}));
  EXPECT_EQ(deciding_settings(tree["inference"], "inference"), (Json{{"overlap", 0.5}}));
  EXPECT_EQ(deciding_settings(Json{{"batch", 8}}, "optimiser"), (Json{{"batch", 8}})) << "another section's key";
}

}  // namespace tss::result_keys_test
