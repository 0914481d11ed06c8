#include "textsemiseg/engine/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "support/phantom_dataset.h"
#include "support/testing.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/run_data.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::trainer_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Tiny networks with dropout on.
class TrainerTest : public testing::PhantomDataset {
 protected:
  static RunConfig config(const std::string& method, int64_t iterations) {
    Json tree = parse_toml(R"(
[sampler]
patch = [16, 16, 16]
[network]
widths = [4, 8, 8]
depths = [1, 1, 1]
[inference]
overlap = 0.0
[text]
source = "learned"
dimension = 16
[text_semiseg.tmr]
dimension = 16
heads = 2
[train]
threads = 1
log_every = 2
checkpoint_every = 3
validate_every = 4
)",
                           "test");
    tree["method"] = method;
    if (method != "text_semiseg") tree.erase("text_semiseg");
    tree["dataset"] = dataset_folder().string();
    tree["train"]["iterations"] = iterations;
    return make_run_config(tree, "test");
  }

  // Without what depends on the clock.
  static std::vector<Json> log_of(const fs::path& run) {
    std::vector<Json> lines;
    std::istringstream text(read_text_file(run / "log.jsonl"));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(Json::parse(line));
      lines.back().erase("seconds");
    }
    return lines;
  }
};

void expect_equal_checkpoints(const fs::path& a, const fs::path& b, const std::string& which) {
  const Checkpoint x = read_checkpoint(RunFolder{a}.checkpoint(which)), y = read_checkpoint(RunFolder{b}.checkpoint(which));
  EXPECT_EQ(x.state.iteration, y.state.iteration);
  EXPECT_EQ(x.state.best_score, y.state.best_score);
  ASSERT_EQ(x.method.size(), y.method.size());
  for (const auto& [name, tensor] : x.method) EXPECT_TRUE(torch::equal(tensor, y.method.at(name))) << name;
  ASSERT_EQ(x.optimiser.size(), y.optimiser.size());
  for (const auto& [name, tensor] : x.optimiser) EXPECT_TRUE(torch::equal(tensor, y.optimiser.at(name))) << name;
  ASSERT_EQ(x.average.size(), y.average.size());
  for (const auto& [name, tensor] : x.average) EXPECT_TRUE(torch::equal(tensor, y.average.at(name))) << name;
}

// Stops the run once, as Ctrl-C does, when its log has reached an iteration.
void interrupt_at(const fs::path& log, const std::string& mark) {
  for (int i = 0; i < 3000; ++i) {
    if (fs::exists(log) && read_text_file(log).find(mark) != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  std::raise(SIGINT);
}

TEST_F(TrainerTest, LeavesARunThatCanPredict) {
  const TrainResult result = train(config("text_semiseg", 8), folder_ / "run", StartMode::kFresh);
  EXPECT_EQ(result.iterations, 8);
  const LoadedRun run = load_run(folder_ / "run");
  EXPECT_EQ(run.record.class_names.front(), "background");
  EXPECT_EQ(run.record.texts.list.size(), run.record.class_names.size());
  EXPECT_THAT(run.chosen, HasSubstr("protocol honest"));
  const torch::Tensor p = run.method->predict(torch::zeros({1, 1, 16, 16, 16}));
  EXPECT_TRUE(torch::allclose(p.sum(1), torch::ones({1, 16, 16, 16})));
}

TEST_F(TrainerTest, LogsLambdaAndTheShareOfMixedSteps) {
  train(config("text_semiseg", 10), folder_ / "run", StartMode::kFresh);
  double first = -1, last = -1, weight = -1;
  for (const Json& line : log_of(folder_ / "run")) {
    if (!line.contains("mixing")) continue;
    if (first < 0) first = line.at("mixing");
    last = line.at("mixing");
    weight = line.at("consistency_weight");
  }
  EXPECT_EQ(first, 0);  // mixing starts at a fifth of the run, which is iteration 2 of 10
  EXPECT_EQ(last, 1);
  EXPECT_NEAR(weight, 0.1 * (std::exp(-5 * 0.01) + 1) / 2, 1e-9);  // mean over the last two steps, t/t_max = 0.9 and 1
}

// Rows of the line {"text_probe": ...} at the end of a run's log, by name.
std::map<std::string, Json> text_probe_of(const std::vector<Json>& log) {
  std::map<std::string, Json> rows;
  if (log.empty() || !log.back().contains("text_probe")) return rows;
  for (const Json& row : log.back().at("text_probe").at("rows")) rows[row.at("name")] = row;
  return rows;
}

TEST_F(TrainerTest, MeasuresTheEffectOfTextAfterTraining) {
  train(config("text_semiseg", 6), folder_ / "paper", StartMode::kFresh);
  const auto paper = text_probe_of(log_of(folder_ / "paper"));
  EXPECT_GT(paper.at("random").at("largest_logit").get<double>(), 1e-6);
  EXPECT_GT(paper.at("blank").at("largest_logit").get<double>(), 1e-6);
  EXPECT_LT(paper.at("permuted").at("largest_logit").get<double>(), 1e-4);

  train(config("mc_net", 2), folder_ / "no_text", StartMode::kFresh);
  EXPECT_TRUE(text_probe_of(log_of(folder_ / "no_text")).empty());
}

// Trains whole, and again with an interrupt once the log says `mark` and a resume: the same checkpoints.
void expect_resumes(const RunConfig& config, const fs::path& folder, const std::string& mark) {
  const fs::path whole = folder / "whole", parts = folder / "parts";
  train(config, whole, StartMode::kFresh);
  std::thread stopper(interrupt_at, parts / "log.jsonl", mark);
  try {
    train(config, parts, StartMode::kFresh);
    ADD_FAILURE() << "was not interrupted";
  } catch (const Interrupted& stop) {
    EXPECT_EQ(stop.code(), ExitCode::kInterrupted);
  }
  stopper.join();
  clear_interrupt();
  EXPECT_LT(read_checkpoint(RunFolder{parts}.checkpoint("last")).state.iteration, config.train.iterations);
  train(config, parts, StartMode::kResume);
  expect_equal_checkpoints(whole, parts, "last");
  expect_equal_checkpoints(whole, parts, "best");
}

TEST_F(TrainerTest, EveryMethodGoesOnBitForBitAfterAnInterrupt) {
  for (const std::string& method : method_names()) {
    SCOPED_TRACE(method);
    expect_resumes(config(method, 11), folder_ / method, "\"iteration\":4");
  }
}

TEST_F(TrainerTest, AugmentedTrainingGoesOnBitForBitAfterAnInterrupt) {
  RunConfig one = config("mc_net", 11);
  AugmentationOptions& augmentation = one.sampler.augmentation;
  augmentation.rotation = 20;
  augmentation.scale = augmentation.noise = augmentation.gamma = 0.3;
  augmentation.rotation_probability = augmentation.scale_probability = augmentation.noise_probability = 0.7;
  expect_resumes(one, folder_ / "augmented", "\"iteration\":4");
  // And it does something. (Biases before a normalisation have no gradient but rounding: a weight is looked at.)
  train(config("mc_net", 11), folder_ / "plain", StartMode::kFresh);
  const auto with = read_checkpoint(RunFolder{folder_ / "augmented" / "whole"}.checkpoint("last")),
             without = read_checkpoint(RunFolder{folder_ / "plain"}.checkpoint("last"));
  const auto weight =
      std::find_if(with.method.begin(), with.method.end(), [](const auto& entry) { return entry.first.ends_with(".weight"); });
  ASSERT_NE(weight, with.method.end());
  const std::string& name = weight->first;
  EXPECT_FALSE(torch::equal(with.method.at(name), without.method.at(name))) << name;
}

TEST_F(TrainerTest, AveragedWeightsGoOnBitForBitAndPredict) {
  RunConfig one = config("supervised", 11);
  one.train.average = 0.9;
  expect_resumes(one, folder_ / "averaged", "\"iteration\":4");
  const fs::path run = folder_ / "averaged" / "whole";
  const Checkpoint last = read_checkpoint(RunFolder{run}.checkpoint("last"));
  const TensorMap loaded = state_of(*load_run(run, "last").method);
  const std::string name = "network.decoder1.out_conv.weight";
  EXPECT_TRUE(torch::equal(loaded.at(name), last.average.at(name)));
  EXPECT_FALSE(torch::equal(loaded.at(name), last.method.at(name)));
}

TEST_F(TrainerTest, PhasesGoOnBitForBitAfterAnInterrupt) {
  for (const double pretrain : {0.7, 0.3}) {  // interrupted before and after the second phase began
    SCOPED_TRACE(pretrain);
    RunConfig one = config("bcp", 14);
    one.method_options["pretrain_share"] = pretrain;
    expect_resumes(one, folder_ / std::to_string(pretrain), "\"iteration\":6");
  }
}

TEST_F(TrainerTest, APhaseStartsFromTheBestOfTheOneBefore) {
  RunConfig one = config("bcp", 20);
  one.method_options["pretrain_share"] = 0.8;
  one.train.validate_every = 2;
  set_log_level(LogLevel::kNormal);
  train(one, folder_ / "run", StartMode::kFresh);
  set_log_level(LogLevel::kQuiet);
  const Json record = read_json(folder_ / "run" / "run.json");
  EXPECT_EQ(record.at("phases").at(0).at("iterations"), 16);
  EXPECT_EQ(record.at("phases").at(1).at("name"), "self_train");
  // The second phase selects for itself.
  EXPECT_GT(read_checkpoint(RunFolder{folder_ / "run"}.checkpoint("best")).state.best_iteration, 16);
  EXPECT_THAT(read_text_file(folder_ / "run" / "train.log"),
              HasSubstr("phase self_train starts from the checkpoint of iteration"));
}

TEST_F(TrainerTest, RepeatsItselfAndDependsOnTheSeed) {
  RunConfig other = config("mc_net", 4);
  other.seed = 1;
  train(config("mc_net", 4), folder_ / "a", StartMode::kFresh);
  train(config("mc_net", 4), folder_ / "b", StartMode::kFresh);
  train(other, folder_ / "c", StartMode::kFresh);
  expect_equal_checkpoints(folder_ / "a", folder_ / "b", "last");
  EXPECT_EQ(log_of(folder_ / "a"), log_of(folder_ / "b"));
  const auto a = read_checkpoint(RunFolder{folder_ / "a"}.checkpoint("last")),
             c = read_checkpoint(RunFolder{folder_ / "c"}.checkpoint("last"));
  EXPECT_FALSE(torch::equal(a.method.begin()->second, c.method.begin()->second));
}

TEST_F(TrainerTest, WritesWhatARunCosts) {
  train(config("mc_net", 12), folder_ / "run", StartMode::kFresh);
  const Json costs = read_json(folder_ / "run" / "costs.json");
  for (const char* field : {"seconds_per_step", "peak_memory_gib", "seconds_per_window"})
    EXPECT_GT(costs.at(field).get<double>(), 0) << field;
  // One of the two decoders predicts.
  EXPECT_LT(costs.at("prediction_parameters").get<int64_t>(), costs.at("trainable_parameters").get<int64_t>());
  EXPECT_GT(costs.at("prediction_parameters").get<int64_t>(), costs.at("trainable_parameters").get<int64_t>() / 2);
}

TEST_F(TrainerTest, NeverOverwritesARun) {
  train(config("supervised", 2), folder_ / "run", StartMode::kFresh);
  const std::string before = read_text_file(RunFolder{folder_ / "run"}.checkpoint("last"));
  EXPECT_THAT(testing::input_error_of([&] { train(config("supervised", 2), folder_ / "run", StartMode::kFresh); }),
              HasSubstr("holds a run"));
  EXPECT_THAT(testing::input_error_of([&] { train(config("supervised", 3), folder_ / "run", StartMode::kResume); }),
              HasSubstr("train.iterations: "));
  EXPECT_EQ(read_text_file(RunFolder{folder_ / "run"}.checkpoint("last")), before);
}

// A split or recipe that changed between stop and resume would train on cases that are test cases now, or on other arrays.
TEST_F(TrainerTest, AChangedDatasetIsNotResumed) {
  const testing::TemporaryFolder copy;
  fs::copy(dataset_folder(), copy / "dataset", fs::copy_options::recursive);
  RunConfig one = config("supervised", 4);
  one.dataset = (copy / "dataset").string();
  train(one, folder_ / "run", StartMode::kFresh);
  EXPECT_NO_THROW(train(one, folder_ / "run", StartMode::kResume));
  const fs::path file = copy / "dataset/split.json";
  const Split before = read_split(file);
  Split after = before;
  std::swap(after.roles[Role::kTest].front(), after.roles[Role::kLabelled].front());
  write_split(file, after);
  EXPECT_THAT(testing::input_error_of([&] { train(one, folder_ / "run", StartMode::kResume); }),
              HasSubstr("has other labelled cases than when the run began"));

  const LoadedRun run = load_run(folder_ / "run", "last");
  EXPECT_THAT(testing::input_error_of([&] { open_data_of_run(run, "", "", Role::kTest); }),
              HasSubstr("is test now and was labelled when"));
  EXPECT_NO_THROW(open_data_of_run(run, "", "", Role::kUnlabelled));
  EXPECT_FALSE(is_data_of_run(run, Dataset::open(copy / "dataset"), "", Role::kTest));
  write_split(file, before);
  EXPECT_TRUE(is_data_of_run(run, Dataset::open(copy / "dataset"), "", Role::kTest));
}

TEST_F(TrainerTest, HonestRunsNeverTouchTestCases) {
  const Dataset dataset = Dataset::open(dataset_folder());
  const testing::TemporaryFolder copy;
  fs::copy(dataset_folder(), copy / "dataset", fs::copy_options::recursive);
  for (const auto& entry : fs::recursive_directory_iterator(copy / "dataset"))
    for (const auto& id : dataset.cases(Role::kTest))
      if (entry.is_regular_file() && entry.path().parent_path().filename() == id && entry.path().extension() == ".npy")
        fs::permissions(entry.path(), fs::perms::none), fs::resize_file(entry.path(), 0);
  RunConfig one = config("supervised", 4);
  one.dataset = (copy / "dataset").string();
  EXPECT_NO_THROW(train(one, folder_ / "honest", StartMode::kFresh));
  one.train.protocol = "published";
  EXPECT_THROW(train(one, folder_ / "published", StartMode::kFresh), Error);  // this one reads them
}

TEST_F(TrainerTest, ANaNStopsTheRunAndKeepsTheLastGoodCheckpoint) {
  RunConfig wild = config("supervised", 40);
  wild.optimiser.learning_rate = 1e18;
  wild.train.checkpoint_every = 1;
  wild.train.log_every = 1;
  try {
    train(wild, folder_ / "run", StartMode::kFresh);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("NaN"));
    EXPECT_EQ(error.code(), ExitCode::kFailed);
  }
  EXPECT_NO_THROW(read_checkpoint(RunFolder{folder_ / "run"}.checkpoint("last")));
}

TEST_F(TrainerTest, RefusesAPatchThatCannotFit) {
  RunConfig huge = config("supervised", 2);
  huge.sampler.patch = {4096, 4096, 4096};
  EXPECT_THAT(testing::input_error_of([&] { train(huge, folder_ / "run", StartMode::kFresh); }), HasSubstr("sampler.patch"));
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(TrainerTest, ATimeBudgetFixesTheIterationsOnce) {
  RunConfig timed = config("supervised", 30000);
  timed.train.time_budget = 0.5;
  const TrainResult result = train(timed, folder_ / "run", StartMode::kFresh);
  EXPECT_LT(result.iterations, 30000);
  EXPECT_EQ(read_run_config(folder_ / "run").train.iterations, result.iterations);
  EXPECT_NO_THROW(train(timed, folder_ / "run", StartMode::kResume));
}

TEST_F(TrainerTest, AWrongNumberOfClassesIsNamed) {
  train(config("supervised", 2), folder_ / "run", StartMode::kFresh);
  Json record = read_json(folder_.path() / "run" / "run.json");
  record["classes"] = {"background", "only one"};
  write_json(folder_.path() / "run" / "run.json", record);
  const std::string message = testing::input_error_of([&] { load_run(folder_ / "run"); });
  EXPECT_THAT(message, HasSubstr("out_conv"));
  EXPECT_THAT(message, HasSubstr("expected"));
}

}  // namespace tss::trainer_test
