// The program is killed while it trains, and goes on.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::resume_test {

namespace fs = std::filesystem;

class ResumeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PhantomOptions phantom;
    phantom.labelled = 5;
    phantom.unlabelled = 3;
    phantom.test = 1;
    phantom.size = {24, 24, 20};
    write_phantom(folder_ / "raw", phantom);
    const auto prepared = testing::run_textsemiseg({"prepare", "--source", raw(), "--dataset", dataset(), "--recipe",
                                                    "ct_soft_tissue", "--labelled", "3", "--validation", "2"});
    ASSERT_EQ(prepared.exit_code, 0) << prepared.messages;
  }

  std::string raw() const { return (folder_ / "raw").string(); }
  std::string dataset() const { return (folder_ / "dataset").string(); }

  static constexpr int64_t kIterations = 30;
  // Dropout is on; epochs of the labelled cases end every second iteration, mixing starts at iteration 6 of 30.
  std::vector<std::string> train(const std::string& run) const {
    return {"train",
            "--dataset",
            dataset(),
            "--method",
            "text_semiseg",
            "--run",
            (folder_ / run).string(),
            "--iterations",
            std::to_string(kIterations),
            "--threads",
            "1",
            "--resume",
            "--set",
            "sampler.patch=[16,16,16]",
            "--set",
            "network.widths=[4,8,8]",
            "--set",
            "network.depths=[1,1,1]",
            "--set",
            "text.source=learned",
            "--set",
            "train.checkpoint_every=1",
            "--set",
            "train.validate_every=11",
            "--set",
            "text.dimension=16",
            "--set",
            "text_semiseg.tmr.dimension=16",
            "--set",
            "text_semiseg.tmr.heads=2"};
  }

  int64_t saved_iteration(const std::string& run) const {
    const fs::path path = RunFolder{folder_ / run}.checkpoint("last");
    return fs::exists(path) ? read_checkpoint(path).state.iteration : 0;
  }

  void wait_until(const std::string& run, int64_t iteration) const {
    for (int i = 0; i < 12000 && saved_iteration(run) < iteration; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

  testing::TemporaryFolder folder_;
};

TEST_F(ResumeTest, AfterKillAndCtrlCTheRunEndsAsAnUninterruptedOne) {
  ASSERT_EQ(testing::run_textsemiseg(train("whole")).exit_code, 0);
  {
    testing::BackgroundProgram program(train("parts"));
    wait_until("parts", 4);
    program.signal(SIGKILL);
    EXPECT_EQ(program.wait(), 128 + SIGKILL);
  }
  ASSERT_LT(saved_iteration("parts"), kIterations) << "the program was faster than its killer";
  {
    testing::BackgroundProgram program(train("parts"));
    wait_until("parts", saved_iteration("parts") + 3);
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 130);
  }
  ASSERT_LT(saved_iteration("parts"), kIterations);
  const auto rest = testing::run_textsemiseg(train("parts"));
  ASSERT_EQ(rest.exit_code, 0) << rest.messages;
  for (const char* which : {"last", "best"}) {
    const Checkpoint whole = read_checkpoint(RunFolder{folder_ / "whole"}.checkpoint(which));
    const Checkpoint parts = read_checkpoint(RunFolder{folder_ / "parts"}.checkpoint(which));
    ASSERT_EQ(whole.method.size(), parts.method.size());
    for (const auto& [name, tensor] : whole.method) EXPECT_TRUE(torch::equal(tensor, parts.method.at(name))) << name;
    for (const auto& [name, tensor] : whole.optimiser) EXPECT_TRUE(torch::equal(tensor, parts.optimiser.at(name))) << name;
  }
}

}  // namespace tss::resume_test
