#include "textsemiseg/runs/run_folder.h"

#include <gtest/gtest.h>

namespace tss::run_folder_test {

// Runs and studies on people's disks have these names: they may not change.
TEST(RunFolder, NamesAreThoseOfEarlierVersions) {
  const RunFolder run{"R"};
  EXPECT_EQ(run.config(), "R/config.toml");
  EXPECT_EQ(run.record(), "R/run.json");
  EXPECT_EQ(run.costs(), "R/costs.json");
  EXPECT_EQ(run.log(), "R/log.jsonl");
  EXPECT_EQ(run.messages(), "R/train.log");
  EXPECT_EQ(run.page(), "R/page.html");
  EXPECT_EQ(run.tensorboard(), "R/tensorboard");
  EXPECT_EQ(run.checkpoint("best"), "R/checkpoints/best.safetensors");
  EXPECT_EQ(run.train_state("last"), "R/checkpoints/last.json");
  EXPECT_EQ(run.results("test").cases(), "R/results/test/cases.csv");
  EXPECT_EQ(run.results("test").summary(), "R/results/test/summary.json");
  EXPECT_EQ(run.results("test").text_probe(), "R/results/test/text_probe.json");
  EXPECT_EQ(run.results("test").predictions().record(), "R/results/test/predictions/predictions.json");
  EXPECT_EQ(run.results("test").predictions().label_map("a"), "R/results/test/predictions/a.nii.gz");
}

TEST(StudyFolder, NamesAreThoseOfEarlierVersions) {
  const StudyFolder study{"S"};
  EXPECT_EQ(study.record(), "S/study.json");
  EXPECT_EQ(study.run("dtc-seed0").path, "S/dtc-seed0");
  EXPECT_EQ(study.config("dtc-seed0"), "S/configs/dtc-seed0.toml");
  EXPECT_EQ(study.log("dtc-seed0"), "S/logs/dtc-seed0.log");
  EXPECT_EQ(study.failure("dtc-seed0"), "S/logs/dtc-seed0.failed");
  EXPECT_EQ(study.lock("dtc-seed0"), "S/locks/dtc-seed0.lock");
}

}  // namespace tss::run_folder_test
