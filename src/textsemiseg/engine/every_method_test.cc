// Each method of the registry learns the phantom: from noise-level Dice on held-out cases to well above, through the engine.
#include <gtest/gtest.h>

#include <cstdio>

#include "support/phantom_dataset.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/trainer.h"
#include "textsemiseg/engine/validation.h"
#include "textsemiseg/methods/registry.h"

namespace tss::every_method_test {

class EveryMethodLearns : public testing::PhantomDataset, public ::testing::WithParamInterface<std::string> {
 protected:
  static RunConfig config() {
    Json tree = parse_toml(R"(
[sampler]
patch = [16, 16, 16]
foreground = 0.7
[network]
widths = [8, 16, 32]
depths = [1, 1, 1]
dropout = false
[inference]
overlap = 0.0
[text]
source = "learned"
dimension = 16
[train]
threads = 1
log_every = 10
checkpoint_every = 1000
validate_every = 1000
iterations = 200
)",
                           "test");
    tree["text_semiseg"]["tmr"] = {{"dimension", 16}, {"heads", 2}};
    // The strong recipe needs more steps than there are here.
    tree["preset"] = "published";
    // A phantom takes larger steps of SGD than scans; Adam's are as they are.
    if (GetParam() != "bs_net") tree["optimiser"] = {{"learning_rate", 0.05}, {"schedule", "poly"}};
    tree["method"] = GetParam();
    tree["dataset"] = dataset_folder().string();
    return make_run_config(tree, "test");
  }

  // Mean foreground Dice on the test cases.
  static double score(const std::filesystem::path& run) {
    const Dataset dataset = Dataset::open(dataset_folder());
    const LoadedRun loaded = load_run(run, "last");
    return validate(*loaded.method, dataset, dataset.cases(Role::kTest), loaded.config.inference, torch::kCPU).mean;
  }
};

TEST_P(EveryMethodLearns, ThePhantom) {
  RunConfig one = config();
  one.train.iterations = 1;
  train(one, folder_ / "start", StartMode::kFresh);
  train(config(), folder_ / "run", StartMode::kFresh);
  const double before = score(folder_ / "start"), after = score(folder_ / "run");
  std::printf("%-14s mean foreground Dice on held-out cases: %.3f after 1 iteration, %.3f after 200\n", GetParam().c_str(),
              before, after);
  EXPECT_LT(before, 0.25);
  EXPECT_GT(after, before + 0.2);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryMethodLearns, ::testing::ValuesIn(method_names()),
                         [](const auto& test) { return test.param; });

}  // namespace tss::every_method_test
