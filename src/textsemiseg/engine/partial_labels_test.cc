// Training and validation on labels that do not tell all classes apart.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "support/dataset_files.h"
#include "support/testing.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/trainer.h"
#include "textsemiseg/engine/validation.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss::partial_labels_test {
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::input_error_of;

// "full" has head and tail, "partial" the head alone.
class PartialLabels : public ::testing::Test {
 protected:
  PartialLabels() {
    testing::write_msd(folder_ / "full", 5, 4);
    testing::write_msd(folder_ / "partial", 3, 3, 2);
    PrepareOptions options = testing::prepare_options("", folder_ / "D");
    options.sources = {{"full", folder_ / "full", {}}, {"partial", folder_ / "partial", {}}};
    options.split.validation = "1";
    options.split.test = "0";
    prepare_dataset(options);
  }
  RunConfig config(const std::string& method) const {
    const Json tree = parse_toml(R"(
preset = "published"
[sampler]
patch = [8, 8, 8]
[network]
widths = [4, 8, 8]
depths = [1, 1, 1]
[train]
iterations = 9
threads = 1
log_every = 1
checkpoint_every = 3
validate_every = 4
)",
                                 "test");
    Json with = tree;
    with["method"] = method;
    with["dataset"] = (folder_ / "D").string();
    return make_run_config(with, "test");
  }
  testing::TemporaryFolder folder_;
};

TEST_F(PartialLabels, AStoppedRunGoesOnBitForBit) {
  for (const std::string method : {"supervised", "plus"}) {
    const fs::path whole = folder_ / (method + "_whole"), parts = folder_ / (method + "_parts");
    train(config(method), whole, StartMode::kFresh);
    TrainHooks hooks;
    hooks.logged = [](const Json& line) {
      if (line.value("iteration", int64_t{0}) == 5) std::raise(SIGINT);
    };
    EXPECT_THROW(train(config(method), parts, StartMode::kFresh, hooks), Interrupted);
    clear_interrupt();
    train(config(method), parts, StartMode::kResume);
    const Checkpoint x = read_checkpoint(RunFolder{whole}.checkpoint("last")),
                     y = read_checkpoint(RunFolder{parts}.checkpoint("last"));
    EXPECT_EQ(y.state.iteration, 9);
    for (const auto& [name, tensor] : x.method) EXPECT_TRUE(torch::equal(tensor, y.method.at(name))) << method << " " << name;
  }
}

TEST_F(PartialLabels, OtherMethodsRefuseThemInOneLine) {
  EXPECT_THAT(input_error_of([&] { train(config("mc_net"), folder_ / "run", StartMode::kFresh); }),
              HasSubstr("method mc_net: takes every label as one that tells all classes apart, and that of labelled case "
                        "'partial_case_00' (source partial) does not; expected supervised or plus, or a split"));
  EXPECT_FALSE(fs::exists(folder_ / "run/config.toml"));
}

// Gives every voxel to one class.
class Constant : public Method {
 public:
  explicit Constant(int64_t k) : class_(k) {}
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& x) override {
    torch::Tensor p = torch::zeros({x.size(0), 3, x.size(2), x.size(3), x.size(4)});
    p.select(1, class_).fill_(1);
    return p;
  }

 private:
  int64_t class_;
};

TEST_F(PartialLabels, ACaseIsValidatedOnTheClassesItsLabelTellsApart) {
  const Dataset dataset = Dataset::open(folder_ / "D");
  WindowOptions window;
  window.patch = {8, 8, 8};
  const auto scores = [&](int64_t k, const std::vector<std::string>& cases) {
    Constant method(k);
    return validate(method, dataset, cases, window, torch::kCPU).dice;
  };
  const std::vector<std::string> full = {"case_00"}, both = {"case_00", "partial_case_00"};
  // All voxels tail: of the partial case, which has no tail, nothing is known, and the mean is that of the full one.
  EXPECT_GT(scores(2, full)[1], 0);
  EXPECT_EQ(scores(2, both)[1], scores(2, full)[1]);
  EXPECT_NE(scores(1, both)[0], scores(1, full)[0]);
}

}  // namespace tss::partial_labels_test
