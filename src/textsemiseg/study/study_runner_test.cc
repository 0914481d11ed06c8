#include "textsemiseg/study/study_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/fake_program.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/interrupt.h"

namespace tss::study_runner_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::no_difference;
using ::testing::Not;

std::vector<std::string> states(const std::vector<RunStatus>& statuses) {
  std::vector<std::string> out;
  for (const RunStatus& status : statuses) out.push_back(run_state_name(status.state));
  return out;
}

class StudyRunnerTest : public ::testing::Test {
 protected:
  std::string log_of(const char* run) const { return read_text_file(folder_.out() / "logs" / (std::string(run) + ".log")); }
  std::vector<RunStatus> work(const testing::ScriptedProgram& program, const std::vector<std::string>& rows = {}) const {
    return work_through(folder_.study(rows), folder_.options(program), no_difference);
  }
  const testing::StudyFolder folder_;
};

TEST_F(StudyRunnerTest, TrainsScoresAndKeeps) {
  const testing::ScriptedProgram program(folder_.path(), "echo trained");
  const PlannedStudy study = folder_.study();
  EXPECT_THAT(states(survey(study, folder_.options(program), no_difference)), ElementsAre("waiting", "waiting"));
  const auto done = work(program);
  EXPECT_THAT(states(done), ElementsAre("done", "done"));
  EXPECT_EQ(done[0].detail, "validation Dice 0.5000 (iteration 7), test Dice 0.2500");
  EXPECT_THAT(log_of("first-seed0"),
              AllOf(HasSubstr("trained\n"), HasSubstr("textsemiseg evaluate --run"), HasSubstr("--keep-largest")));
  EXPECT_EQ(read_toml(folder_.out() / "second-seed0" / "config.toml").at("second").at("fast"), true);
  EXPECT_TRUE(fs::is_empty(folder_.out() / "locks")) << "every lock was released";
  const std::string before = log_of("first-seed0");
  EXPECT_THAT(states(work(program)), ElementsAre("done", "done"));
  EXPECT_EQ(log_of("first-seed0"), before) << "what is complete is not touched";
}

TEST_F(StudyRunnerTest, AFailingRunLeavesTheOthersAlone) {
  const testing::ScriptedProgram bad(folder_.path(),
                                     "case $row in first*) echo 'info: a'; echo 'error: the loss became NaN' >&2; exit 1;; esac");
  const auto statuses = work(bad);
  EXPECT_THAT(states(statuses), ElementsAre("failed", "done"));
  EXPECT_EQ(statuses[0].detail, "train: exit code 1: the loss became NaN");
  const testing::ScriptedProgram killed(folder_.path(), "echo reading; kill -9 $$");
  EXPECT_EQ(work(killed, {"first"})[0].detail, "train: killed by signal 9 (out of memory?): reading");
  EXPECT_THAT(survey(folder_.study(), folder_.options(bad), no_difference)[0].detail, HasSubstr("the last attempt failed"));
  const testing::ScriptedProgram good(folder_.path());
  EXPECT_THAT(states(work(good)), ElementsAre("done", "done")) << "a failed run is tried again by the next study";
  EXPECT_FALSE(fs::exists(folder_.out() / "logs" / "first-seed0.failed"));
}

TEST_F(StudyRunnerTest, AStageThatLeavesItsWorkUndoneIsNotRepeatedForEver) {
  const testing::ScriptedProgram idle(folder_.path(), "exit 0");
  const auto statuses = work(idle, {"first"});
  EXPECT_EQ(statuses[0].detail, "train ended before its last iteration");
}

TEST_F(StudyRunnerTest, AnotherConfigurationIsNamedAndNotTouched) {
  const testing::ScriptedProgram program(folder_.path());
  work(program, {"first"});
  const std::string before = log_of("first-seed0");
  const auto differs = [](const StudyRun& run) { return run.row == "first" ? std::string("train.iterations") : ""; };
  const auto statuses = work_through(folder_.study(), folder_.options(program), differs);
  EXPECT_THAT(states(statuses), ElementsAre("failed", "done"));
  EXPECT_THAT(statuses[0].detail, AllOf(HasSubstr("train.iterations differs"), HasSubstr("first-seed0/config.toml")));
  EXPECT_EQ(log_of("first-seed0"), before);
}

TEST_F(StudyRunnerTest, ScoresAreMadeAgainForAnotherCheckpointOrPostProcessing) {
  const testing::ScriptedProgram program(folder_.path());
  work(program, {"first"});
  const fs::path run = folder_.out() / "first-seed0";
  EXPECT_TRUE(read_progress(run, {.keep_largest = true}).test_dice);
  EXPECT_FALSE(read_progress(run, {.keep_largest = false}).test_dice);
  const Json scored = read_json(run / "results" / "test" / "summary.json");
  const auto rescored = [&](const Json& over) {
    Json summary = scored;
    merge(summary, over);
    write_json(run / "results" / "test" / "summary.json", summary);
    return read_progress(run, {.keep_largest = true}).test_dice;
  };
  EXPECT_TRUE(rescored({{"mirror", "none"}, {"precision", "fp32"}}));
  EXPECT_FALSE(rescored({{"mirror", "x,y,z"}}));
  EXPECT_FALSE(rescored({{"precision", "bf16"}}));
  EXPECT_FALSE(rescored({{"predictions", "made beforehand"}}));
  write_text_file(run / "config.toml", read_text_file(run / "config.toml") + "[inference]\noverlap = 0.5\n");
  EXPECT_TRUE(rescored({{"window", {{"overlap", 0.5}}}}));
  EXPECT_FALSE(rescored({{"window", {{"overlap", 0.75}}}}));
  write_json(run / "results" / "test" / "summary.json", scored);
  write_text_file(run / "checkpoints" / "best.safetensors", "a better one");
  EXPECT_FALSE(read_progress(run, {.keep_largest = true}).test_dice);
}

TEST_F(StudyRunnerTest, RunsOfOthersAreLeftToThem) {
  const testing::ScriptedProgram program(folder_.path());
  const PlannedStudy study = folder_.study();
  {
    const auto lock = FolderLock::acquire(study.folder().lock("first-seed0"), 60);
    EXPECT_THAT(states(survey(study, folder_.options(program), no_difference)), ElementsAre("elsewhere", "waiting"));
    EXPECT_THAT(states(work(program)), ElementsAre("elsewhere", "done"));
    EXPECT_FALSE(fs::exists(folder_.out() / "first-seed0"));
  }
  EXPECT_THAT(states(work(program)), ElementsAre("done", "done"));
}

TEST_F(StudyRunnerTest, ATrainingStartedByHandIsAdoptedWhenItIsQuiet) {
  const testing::ScriptedProgram program(folder_.path());
  const PlannedStudy study = folder_.study({"first"});
  const fs::path run = study.folder().run("first-seed0").path;
  write_text_file(run / "config.toml", "");
  write_text_file(run / "log.jsonl", "{\"iteration\": 3, \"loss\": 0.5}\n");
  EXPECT_THAT(states(work(program, {"first"})), ElementsAre("elsewhere"));
  EXPECT_FALSE(fs::exists(run / "checkpoints"));
  fs::last_write_time(run / "log.jsonl", fs::file_time_type::clock::now() - std::chrono::minutes(20));
  EXPECT_THAT(states(work(program, {"first"})), ElementsAre("done"));
}

TEST_F(StudyRunnerTest, SeveralAtATimeOnTheirDevices) {
  const testing::ScriptedProgram program(folder_.path(), "sleep 1");
  RunnerOptions options = folder_.options(program);
  options.jobs = 2;
  options.threads = 3;
  options.devices = {"cuda:0", "cuda:1"};
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(states(work_through(folder_.study(), options, no_difference)), ElementsAre("done", "done"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1900));
  EXPECT_THAT(log_of("first-seed0"), HasSubstr("--device cuda:0 --threads 3"));
  EXPECT_THAT(log_of("second-seed0"), HasSubstr("--device cuda:1 --threads 3"));
}

TEST_F(StudyRunnerTest, CtrlCStopsTheChildrenAndFreesTheRuns) {
  const testing::ScriptedProgram program(folder_.path(),
                                         "trap 'echo saved; exit 130' TERM; echo ready; while :; do sleep 0.05; done");
  const PlannedStudy study = folder_.study({"first"});
  std::thread user([&] {
    const fs::path log = study.folder().log("first-seed0");
    for (int i = 0; i < 1000 && (!fs::exists(log) || read_text_file(log).find("ready\n") == std::string::npos); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(::getpid(), SIGINT);
  });
  EXPECT_THROW(work_through(study, folder_.options(program), no_difference), Interrupted);
  user.join();
  clear_interrupt();
  EXPECT_THAT(log_of("first-seed0"), HasSubstr("saved"));
  EXPECT_TRUE(fs::is_empty(folder_.out() / "locks"));
  EXPECT_FALSE(fs::exists(study.folder().failure("first-seed0"))) << "stopped is not failed";
}

TEST(RunProgress, FilesThatAreHalfThereAreNotThere) {
  const testing::TemporaryFolder run;
  EXPECT_FALSE(read_progress(run.path(), {}).started);
  write_text_file(run / "config.toml", "");
  write_text_file(run / "checkpoints/last.json", "{\"iteration\": 5, \"iter");
  EXPECT_TRUE(read_progress(run.path(), {}).started);
  EXPECT_FALSE(read_progress(run.path(), {}).trained());
  write_text_file(run / "checkpoints/last.json", "{\"iteration\": 5, \"iterations\": 9, \"best_score\": null}");
  const RunProgress half = read_progress(run.path(), {});
  EXPECT_EQ(half.iteration, 5);
  EXPECT_FALSE(half.trained() || half.best_score);
  write_text_file(run / "log.jsonl", "{\"iteration\": 7, \"loss\": 0.25}\n{\"iteration\": 7, \"validation\": {}}\n{\"iter");
  EXPECT_EQ(describe_training(run.path()), "iteration 7, last checkpoint at 5 of 9, loss 0.2500");
}

TEST(RunProgress, ReasonsAreTheErrorOrTheLastLines) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "a", "one\ntwo\n\nthree\nfour\n");
  EXPECT_EQ(failure_reason(folder / "a"), "two | three | four");
  write_text_file(folder / "b", "--- first\nerror: old\n--- second\ninfo: x\nerror: file: is missing\n");
  EXPECT_EQ(failure_reason(folder / "b"), "file: is missing");
  write_text_file(folder / "c", "error: old\n--- second\nreading\n");
  EXPECT_EQ(failure_reason(folder / "c"), "reading");
  EXPECT_EQ(failure_reason(folder / "none"), "");
}

}  // namespace tss::study_runner_test
