// A study of two methods on a tiny phantom: interrupted, resumed, with a row that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::study_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kPlan = R"(
title = "Two small methods"
protocol = "tiny"
[common]
train.iterations = 40
train.checkpoint_every = 1
train.threads = 1
sampler.patch = [16, 16, 16]
network.widths = [4, 8]
network.depths = [1, 1]
[[row]]
name = "supervised"
[[row]]
name = "mc_net"
[[row]]
name = "broken"
method = "supervised"
[row.settings]
optimiser.learning_rate = 1e30
)";

class StudyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PhantomOptions phantom;
    phantom.labelled = 4;
    phantom.unlabelled = 2;
    phantom.test = 1;
    phantom.size = {24, 24, 20};
    write_phantom(folder_ / "raw", phantom);
    const auto prepared = testing::run_textsemiseg({"prepare", "--source", path("raw"), "--dataset", path("dataset"), "--recipe",
                                                    "ct_soft_tissue", "--labelled", "3", "--validation", "1"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared.messages;
    write_text_file(folder_ / "plan.toml", kPlan);
  }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  fs::path out() const { return folder_ / "out"; }
  std::vector<std::string> study(std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"study",         "--plan", path("plan.toml"), "--dataset",
                                      path("dataset"), "--out",  out().string()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  int64_t iteration_of(const std::string& run) const {
    const fs::path file = RunFolder{out() / run}.checkpoint("last");
    return fs::exists(file) ? read_checkpoint(file).state.iteration : 0;
  }

  testing::TemporaryFolder folder_;
};

TEST_F(StudyTest, GoesOnAfterCtrlCAndAfterAFailingRow) {
  {
    testing::BackgroundProgram program(study());
    for (int i = 0; i < 6000 && iteration_of("supervised-seed0") < 2; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 130);
  }
  const int64_t stopped_at = iteration_of("supervised-seed0");
  ASSERT_GT(stopped_at, 0);
  ASSERT_LT(stopped_at, 40) << "the program was faster than its user";
  EXPECT_TRUE(fs::is_empty(out() / "locks"));
  EXPECT_FALSE(fs::exists(out() / "mc_net-seed0"));
  const auto looked = testing::run_textsemiseg(study({"--dry-run"}));
  EXPECT_EQ(looked.exit_code, 0) << looked.messages;
  EXPECT_THAT(looked.output,
              AllOf(HasSubstr("supervised-seed0  begun      checkpoint at iteration"), HasSubstr("mc_net-seed0      waiting")));

  const auto rest = testing::run_textsemiseg(study());
  EXPECT_EQ(rest.exit_code, 1) << "a run failed";
  EXPECT_THAT(rest.messages, AllOf(HasSubstr("broken-seed0 (3 of 3): failed: train: exit code 1: a weight became NaN"),
                                   HasSubstr("1 of 3 runs failed: broken-seed0")));
  EXPECT_THAT(rest.output,
              AllOf(HasSubstr("supervised-seed0  done"), HasSubstr("mc_net-seed0      done"), HasSubstr("test Dice")));
  EXPECT_THAT(read_text_file(out() / "logs" / "supervised-seed0.log"), HasSubstr("resuming at iteration "));
  for (const char* run : {"supervised-seed0", "mc_net-seed0"}) {
    EXPECT_EQ(iteration_of(run), 40);
    EXPECT_TRUE(fs::exists(out() / run / "results" / "test" / "cases.csv"));
    EXPECT_EQ(read_json(out() / run / "run.json").at("protocol"), "honest");
  }
  const Json record = read_json(out() / "study.json");
  EXPECT_EQ(record.at("rows").size(), 3u);
  EXPECT_EQ(record.at("rows")[1].at("runs"), Json::array({"mc_net-seed0"}));
  EXPECT_TRUE(record.at("plan_dataset").is_null());

  // What is complete stays as it is; the broken row is tried again, and can be left out.
  const auto written = fs::last_write_time(RunFolder{out() / "mc_net-seed0"}.checkpoint("last"));
  const auto again = testing::run_textsemiseg(study({"--rows", "supervised,mc_net"}));
  EXPECT_EQ(again.exit_code, 0) << again.messages;
  EXPECT_EQ(fs::last_write_time(RunFolder{out() / "mc_net-seed0"}.checkpoint("last")), written);

  // Another configuration in the same folder is refused by its field: of the study, and of a run that the study did not begin.
  const auto other = testing::run_textsemiseg(study({"--set", "optimiser.momentum=0.5"}));
  EXPECT_EQ(other.exit_code, 3);
  EXPECT_THAT(other.messages, HasSubstr("study.json: settings"));
  fs::remove(out() / "study.json");
  const auto differs = testing::run_textsemiseg(study({"--rows", "mc_net", "--set", "optimiser.momentum=0.5"}));
  EXPECT_EQ(differs.exit_code, 1);
  EXPECT_THAT(differs.messages, HasSubstr("mc_net-seed0 (1 of 1): failed: optimiser.momentum differs"));
  EXPECT_EQ(fs::last_write_time(RunFolder{out() / "mc_net-seed0"}.checkpoint("last")), written);
}

TEST_F(StudyTest, ArrayTasksWorkOnOneRunEach) {
  const auto script =
      testing::run_textsemiseg(study({"--slurm", "--rows", "supervised,mc_net", "--iterations", "3", "--no-evaluate"}));
  ASSERT_EQ(script.exit_code, 0) << script.messages;
  EXPECT_THAT(script.output, AllOf(HasSubstr("#SBATCH --array=0-1\n"), HasSubstr("--iterations 3"), HasSubstr("--no-evaluate")));
  // The script's own last line, as Slurm's second task runs it.
  write_text_file(folder_ / "task.sh", "srun() { \"$@\"; }\nSLURM_ARRAY_TASK_ID=1\n" + script.output);
  ASSERT_EQ(std::system(("bash " + path("task.sh") + " > /dev/null 2>&1").c_str()), 0);
  EXPECT_EQ(iteration_of("mc_net-seed0"), 3);
  EXPECT_FALSE(fs::exists(out() / "supervised-seed0"));
  EXPECT_EQ(read_json(out() / "study.json").at("rows").size(), 2u) << "the record is that of the whole study";
  EXPECT_FALSE(fs::exists(out() / "mc_net-seed0" / "results"));
}

TEST_F(StudyTest, TwoMachinesShareAPlan) {
  const std::vector<std::string> words = study({"--rows", "supervised,mc_net", "--seeds", "2", "--iterations", "6", "--wait"});
  testing::BackgroundProgram one(words), two(words);
  EXPECT_EQ(one.wait(), 0);
  EXPECT_EQ(two.wait(), 0);
  for (const char* run : {"supervised-seed0", "supervised-seed1", "mc_net-seed0", "mc_net-seed1"}) {
    EXPECT_EQ(iteration_of(run), 6);
    const std::string log = read_text_file(out() / "logs" / (std::string(run) + ".log"));
    EXPECT_EQ(log.find(" train --config"), log.rfind(" train --config")) << run << " was trained by one of them, once";
    EXPECT_EQ(log.find(" evaluate --run"), log.rfind(" evaluate --run"));
  }
  EXPECT_TRUE(fs::is_empty(out() / "locks"));
}

TEST_F(StudyTest, WhatIsWrongIsSaidBeforeAnythingIsDone) {
  const auto expect_error = [&](const std::vector<std::string>& words, int code, const ::testing::Matcher<std::string>& message) {
    const auto result = testing::run_textsemiseg(words);
    EXPECT_EQ(result.exit_code, code) << result.messages;
    EXPECT_THAT(result.messages, message);
    EXPECT_FALSE(fs::exists(out()));
  };
  expect_error(study({"--rows", "mcnet"}), 3, HasSubstr("did you mean 'mc_net'"));
  expect_error(study({"--set", "train.precision=fp8"}), 3, HasSubstr("train.precision"));
  expect_error(study({"--plan-dataset", "pancreas"}), 3, HasSubstr("[[dataset]]"));
  expect_error(study({"--seeds", "2", "--seed-list", "1"}), 2, HasSubstr("--seed"));
  expect_error({"study", "--plan", "table1", "--out", out().string()}, 2, HasSubstr("--dataset is required"));
  expect_error({"study", "--plan", "table7", "--dataset", path("dataset"), "--out", out().string()}, 3, HasSubstr("table1"));
  write_text_file(folder_ / "plan.toml", std::string(kPlan) + "optimiser.learning_rat = 1\n");
  expect_error(study(), 3, AllOf(HasSubstr("plan.toml, row broken: optimiser.learning_rat"), HasSubstr("did you mean")));
  const auto list = testing::run_textsemiseg({"study", "--list"});
  EXPECT_EQ(list.exit_code, 0);
  EXPECT_THAT(list.output, AllOf(HasSubstr("table4: "), HasSubstr("ua_mt_text"), HasSubstr("pancreas_ct (6, 12)")));
}

}  // namespace tss::study_test
