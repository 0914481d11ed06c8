// The program is killed while it trains, and goes on.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "support/program.h"
#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
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

  // All that is needed to go on.
  std::vector<std::string> resume(const std::string& run) const {
    return {"train", "--run", (folder_ / run).string(), "--resume"};
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
    testing::BackgroundProgram program(resume("parts"));
    wait_until("parts", saved_iteration("parts") + 3);
    program.signal(SIGINT);
    EXPECT_EQ(program.wait(), 130);
  }
  ASSERT_LT(saved_iteration("parts"), kIterations);
  const std::string log = read_text_file(RunFolder{folder_ / "parts"}.messages());
  EXPECT_NE(log.find("stopping after this "), std::string::npos) << log;
  const auto rest = testing::run_textsemiseg(resume("parts"));
  ASSERT_EQ(rest.exit_code, 0) << rest.messages;
  for (const char* which : {"last", "best"}) {
    const Checkpoint whole = read_checkpoint(RunFolder{folder_ / "whole"}.checkpoint(which));
    const Checkpoint parts = read_checkpoint(RunFolder{folder_ / "parts"}.checkpoint(which));
    ASSERT_EQ(whole.method.size(), parts.method.size());
    for (const auto& [name, tensor] : whole.method) EXPECT_TRUE(torch::equal(tensor, parts.method.at(name))) << name;
    for (const auto& [name, tensor] : whole.optimiser) EXPECT_TRUE(torch::equal(tensor, parts.optimiser.at(name))) << name;
  }
}

TEST_F(ResumeTest, CtrlCEndsWithTheCommandThatGoesOn) {
  std::vector<std::string> words = train("it's a run");
  for (std::string& word : words) word = "\"" + word + "\"";
  const auto stopped = testing::run_words(
      "/bin/bash", {"-c", "'" + testing::program_path() + "' " + join(words, " ") + " & pid=$!; while [ ! -e \"" +
                              (folder_ / "it's a run/checkpoints/last.json").string() +
                              "\" ]; do sleep 0.05; done; kill -INT $pid; wait $pid"});
  EXPECT_EQ(stopped.exit_code, 130) << stopped.messages;
  EXPECT_EQ(stopped.messages.find("error:"), std::string::npos) << stopped.messages;
  const std::string mark = "to go on: ";
  const size_t at = stopped.messages.find(mark);
  ASSERT_NE(at, std::string::npos) << stopped.messages;
  const std::string command = stopped.messages.substr(at + mark.size(), stopped.messages.find('\n', at) - at - mark.size());
  const auto rest = testing::run_words("/bin/bash", {"-c", command});
  EXPECT_EQ(rest.exit_code, 0) << command << rest.messages;
  EXPECT_EQ(saved_iteration("it's a run"), kIterations);
}

TEST_F(ResumeTest, NothingToGoOnWithIsOneLine) {
  const auto none = testing::run_textsemiseg(resume("nowhere"));
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_NE(none.messages.find("holds no run"), std::string::npos) << none.messages;
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
}

TEST_F(ResumeTest, APatchThatDoesNotFitIsRefusedBeforeAnythingIsWritten) {
  std::vector<std::string> words = train("huge");
  words.insert(words.end(), {"--set", "sampler.patch=[512,512,512]"});
  for (std::string& word : words) word = "'" + word + "'";
  const auto refused =
      testing::run_words("/bin/bash", {"-c", "ulimit -v 12000000; '" + testing::program_path() + "' " + join(words, " ")});
  EXPECT_EQ(refused.exit_code, 3) << refused.messages;
  EXPECT_NE(refused.messages.find("sampler.patch: [512, 512, 512]"), std::string::npos) << refused.messages;
  EXPECT_NE(refused.messages.find("expected at most ["), std::string::npos) << refused.messages;
  EXPECT_FALSE(fs::exists(RunFolder{folder_ / "huge"}.config()));
}

}  // namespace tss::resume_test
