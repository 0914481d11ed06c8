// A run that goes on: what it takes from its folder, what is refused, longer runs, and weights of another run as the start.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "support/phantom_dataset.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/engine/initial_weights.h"
#include "textsemiseg/engine/resume.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/stop_notice.h"
#include "textsemiseg/engine/trainer.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::run_goes_on_test {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

class RunGoesOn : public testing::PhantomDataset {
 protected:
  static Json tree(int64_t iterations, const std::string& method = "supervised") {
    return {{"method", method},
            {"dataset", dataset_folder().string()},
            {"sampler", {{"patch", {16, 16, 16}}}},
            {"network", {{"widths", {4, 8}}, {"depths", {1, 1}}}},
            {"optimiser", {{"schedule", "constant"}}},
            {"train", {{"iterations", iterations}, {"validate_every", 3}, {"log_every", 1}, {"threads", 1}}}};
  }
  static RunConfig config(int64_t iterations, const std::string& method = "supervised") {
    return make_run_config(tree(iterations, method), "test");
  }
  fs::path run(const std::string& name) const { return folder_ / name; }
  static Checkpoint last(const fs::path& run) { return read_checkpoint(RunFolder{run}.checkpoint("last")); }
};

void expect_equal(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) EXPECT_TRUE(torch::equal(tensor, b.at(name))) << name;
}

TEST_F(RunGoesOn, NothingToGoOnWithIsAnError) {
  EXPECT_THAT(testing::input_error_of([&] { train(config(2), run("none"), StartMode::kResume); }), HasSubstr("holds no run"));
  EXPECT_THAT(testing::input_error_of([&] { config_of_begun_run(run("none"), Json::object(), "test"); }),
              HasSubstr("holds no run"));
}

TEST_F(RunGoesOn, TakesEverythingFromItsFolderAndComparesWhatIsGiven) {
  train(config(4), run("a"), StartMode::kFresh);
  const Json before = resolved(read_run_config(run("a")));
  EXPECT_EQ(resolved(config_of_begun_run(run("a"), Json::object(), "test")), before);
  const auto message = [&](const Json& given) {
    return testing::input_error_of([&] { config_to_go_on(run("a"), config_of_begun_run(run("a"), given, "test"), false); });
  };
  EXPECT_THAT(message({{"train", {{"iterations", 9}}}}),
              AllOf(HasSubstr("train.iterations: "), HasSubstr(" began with 4 "), HasSubstr("go on with 9;")));
  EXPECT_THAT(message({{"method", "mc_net"}}),
              AllOf(HasSubstr("method: "), HasSubstr("\"supervised\""), HasSubstr("\"mc_net\"")));
  EXPECT_NO_THROW(
      config_to_go_on(run("a"), config_of_begun_run(run("a"), {{"train", {{"threads", 2}, {"iterations", 4}}}}, "test"), false));
}

TEST_F(RunGoesOn, ALongerRunIsTheLongRunWhereNothingDependsOnTheLength) {
  train(config(5), run("long"), StartMode::kFresh);
  train(config(9), run("whole"), StartMode::kFresh);
  train(config(9), run("long"), StartMode::kLonger);
  for (const char* which : {"last", "best"}) {
    const Checkpoint a = read_checkpoint(RunFolder{run("whole")}.checkpoint(which)),
                     b = read_checkpoint(RunFolder{run("long")}.checkpoint(which));
    EXPECT_EQ(a.state.iterations, 9);
    EXPECT_EQ(b.state.iterations, 9);
    expect_equal(a.method, b.method);
    expect_equal(a.optimiser, b.optimiser);
  }
  EXPECT_EQ(read_run_config(run("long")).train.lengthened, std::vector<int64_t>{5});
  EXPECT_THAT(testing::input_error_of([&] { train(config(9), run("long"), StartMode::kLonger); }),
              HasSubstr("--longer: found 9"));
}

TEST(LengtheningLine, NamesTheRatesOfTheNextStepAndTheOneBefore) {
  RunConfig config;
  config.optimiser.learning_rate = 0.8;  // linear
  config.train.iterations = 8;
  config.train.lengthened = {4};
  EXPECT_THAT(lengthening_line(config, 2), HasSubstr(": 0.6 in the next step, 0.6 in the one before")) << "stopped at 2 of 4";
  EXPECT_THAT(lengthening_line(config, 4), HasSubstr(": 0.4 in the next step, 0.2 in the one before")) << "finished";
}

TEST_F(RunGoesOn, PhasesCannotBeLengthened) {
  train(config(6, "bcp"), run("bcp"), StartMode::kFresh);
  EXPECT_THAT(testing::input_error_of([&] { train(config(9, "bcp"), run("bcp"), StartMode::kLonger); }), HasSubstr("phases"));
  EXPECT_EQ(read_run_config(run("bcp")).train.iterations, 6);
}

TEST_F(RunGoesOn, StartsFromTheWeightsOfAnotherRun) {
  train(config(5), run("first"), StartMode::kFresh);
  RunConfig next = config(2);
  next.train.init_from = run("first").string();
  next.optimiser.learning_rate = 1e-30;
  next.optimiser.weight_decay = 0;
  train(next, run("next"), StartMode::kFresh);
  const Checkpoint best = read_checkpoint(RunFolder{run("first")}.checkpoint("best"));
  const std::string name = "network.decoder1.out_conv.weight";
  EXPECT_TRUE(torch::equal(last(run("next")).method.at(name), best.method.at(name)));
  const Json record = read_json(RunFolder{run("next")}.record()).at("initial_weights");
  EXPECT_EQ(record.at("drawn"), 0);
  EXPECT_NO_THROW(train(next, run("next"), StartMode::kResume));
}

TEST_F(RunGoesOn, InitialWeightsOfOtherClassesAreRefusedByNameAndOtherShapesAreSaid) {
  train(config(2), run("first"), StartMode::kFresh);
  const auto names = read_run_record({run("first")}).class_names;
  const auto method = build_method(config(2), names, 1, nullptr);
  std::vector<std::string> other = names;
  other.back() = "another organ";
  const std::string message = testing::input_error_of([&] { load_initial_weights(run("first").string(), *method, other, 1); });
  EXPECT_THAT(message, AllOf(HasSubstr("another organ"), HasSubstr(names.back())));
  EXPECT_THAT(testing::input_error_of([&] { load_initial_weights(run("first").string(), *method, names, 2); }),
              HasSubstr("channel"));
  EXPECT_THAT(testing::input_error_of([&] { load_initial_weights(run("nowhere").string(), *method, names, 1); }),
              HasSubstr("is not there"));
  RunConfig wider = config(2);
  wider.network.widths = {4, 16};
  const Json part = load_initial_weights(run("first").string(), *build_method(wider, names, 1, nullptr), names, 1);
  EXPECT_GT(part.at("taken").get<int64_t>(), 0);
  EXPECT_GT(part.at("drawn").get<int64_t>(), 0);
}

TEST_F(RunGoesOn, SkippedSpikesAreCountedAndAResumedRunSkipsTheSame) {
  RunConfig one = config(90);
  one.train.nonfinite = "skip";
  one.train.loss_spike = 1.05;
  one.optimiser.learning_rate = 1e-30;  // losses differ by what is drawn alone, around a mean that stays
  one.train.checkpoint_every = 1000;
  const TrainResult whole = train(one, run("whole"), StartMode::kFresh);
  ASSERT_GT(whole.skipped, 0);
  EXPECT_THAT(read_text_file(RunFolder{run("whole")}.log()), HasSubstr("\"skipped_steps\":1"));
  // Stopped after a spike or before, the rest is the same.
  const TrainHooks stop_at_70 = {{}, [](const Json& line) {
                                   if (line.value("iteration", 0) == 70) std::raise(SIGINT);
                                 }};
  EXPECT_THROW(train(one, run("parts"), StartMode::kFresh, stop_at_70), Interrupted);
  clear_interrupt();
  EXPECT_EQ(train(one, run("parts"), StartMode::kResume).skipped, whole.skipped);
  expect_equal(last(run("whole")).method, last(run("parts")).method);
  EXPECT_EQ(last(run("whole")).state.losses, last(run("parts")).state.losses);
}

TEST_F(RunGoesOn, TheGuardChangesNothingInAHealthyRun) {
  RunConfig guarded = config(6, "mc_net");
  guarded.train.nonfinite = "skip";
  guarded.train.loss_spike = 1000;
  train(config(6, "mc_net"), run("plain"), StartMode::kFresh);
  EXPECT_EQ(train(guarded, run("guarded"), StartMode::kFresh).skipped, 0);
  expect_equal(last(run("plain")).method, last(run("guarded")).method);
  expect_equal(last(run("plain")).optimiser, last(run("guarded")).optimiser);
}

TEST_F(RunGoesOn, ANetworkThatIsBrokenStopsAlthoughStepsAreSkipped) {
  RunConfig wild = config(60);
  wild.optimiser.learning_rate = 1e18;
  wild.train.nonfinite = "skip";
  wild.train.validate_every = wild.train.log_every = 1000;
  try {
    train(wild, run("wild"), StartMode::kFresh);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("in 11 steps in a row"));
  }
}

TEST_F(RunGoesOn, CtrlCIsAnsweredWhileAStepGoesOn) {
  set_log_level(LogLevel::kNormal);
  ::testing::internal::CaptureStderr();
  {
    catch_interrupts();
    StopNotice notice;
    notice.now("step", 40);
    std::raise(SIGINT);
    for (int i = 0; i < 40; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  set_log_level(LogLevel::kQuiet);
  clear_interrupt();
  EXPECT_THAT(said, HasSubstr("info: stopping after this step, about 40 s"));
}

}  // namespace tss::run_goes_on_test
