#include "textsemiseg/engine/collapse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/phantom_dataset.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/engine/trainer.h"

namespace tss::collapse_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using CollapseTest = testing::PhantomDataset;

TEST(CollapseWatch, WarnsOnceAtTheSecondLowScoreInARow) {
  CollapseWatch watch;
  EXPECT_THAT(watch.after_score("validation", 0.30, 0.8, 500), IsEmpty());
  EXPECT_THAT(watch.after_score("validation", 0.41, 0.8, 500), IsEmpty());  // half is not below half
  EXPECT_THAT(watch.after_score("validation", 0.39, 0.8, 500), IsEmpty());
  EXPECT_THAT(watch.after_score("validation", 0.1, 0.8, 500),
              HasSubstr("validation Dice fell from 0.800 at iteration 500 to 0.100"));
  EXPECT_THAT(watch.after_score("validation", 0.1, 0.8, 500), IsEmpty());
}

TEST(CollapseWatch, WhatNeverLearntHasNotCollapsed) {
  CollapseWatch watch;
  for (int i = 0; i < 4; ++i) EXPECT_THAT(watch.after_score("validation", 0.0, 0.29, 10), IsEmpty());
}

TEST(CollapseWatch, APhaseBeginsAnew) {
  CollapseWatch watch;
  EXPECT_THAT(watch.after_score("validation", 0.1, 0.8, 5), IsEmpty());
  watch.begin_phase();
  EXPECT_THAT(watch.after_score("validation", 0.1, 0.8, 5), IsEmpty());
  EXPECT_THAT(watch.after_score("validation", 0.1, 0.8, 5), Not(IsEmpty()));
}

TEST(CollapseWatch, WarnsWhereTheForegroundIsGoneOrEverywhere) {
  CollapseWatch gone, everywhere;
  EXPECT_THAT(gone.after_foreground(0.25, 3, 0.9), IsEmpty());
  EXPECT_THAT(gone.after_foreground(0.07, 3, 0.9), HasSubstr("found in 3 unlabelled cases is 0.07 times"));
  EXPECT_THAT(gone.after_foreground(0.07, 3, 0.9), IsEmpty());
  EXPECT_THAT(everywhere.after_foreground(4, 3, 0.9), IsEmpty());
  EXPECT_THAT(everywhere.after_foreground(15, 3, 0.49), IsEmpty());  // has not learnt the labelled cases either
  EXPECT_THAT(everywhere.after_foreground(15, 3, 0.9), HasSubstr("15.00 times"));
}

// Calls every voxel the class it is given.
class Constant : public Method {
 public:
  explicit Constant(int64_t answer) : answer_(answer) {}
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& windows) override {
    auto shape = windows.sizes().vec();
    shape[1] = 4;
    torch::Tensor out = torch::zeros(shape);
    out.select(1, answer_).fill_(1);
    return out;
  }

 private:
  int64_t answer_;
};

TEST_F(CollapseTest, ShareOfForegroundIsAgainstTheLabels) {
  const Dataset dataset = Dataset::open(dataset_folder());
  WindowOptions window;
  window.patch = {16, 16, 16};
  const auto& unlabelled = dataset.cases(Role::kUnlabelled);
  const auto share = [&](int64_t answer) {
    Constant method(answer);
    return foreground_share(method, dataset, unlabelled, window, torch::kCPU);
  };
  EXPECT_EQ(share(0), 0);
  // Everything foreground: whole volumes over the labels', which the phantom's cases count here voxel by voxel.
  double labels = 0;
  for (const std::string& id : dataset.cases(Role::kLabelled)) {
    const CachedCase one = dataset.load(id);
    const Size3& size = one.geometry.size;
    for (int64_t i = 0; i < size[0] * size[1] * size[2]; ++i) labels += one.label->data<uint8_t>()[i] > 0;
  }
  const Size3 size = dataset.load(unlabelled.front()).geometry.size;
  const double volume = static_cast<double>(size[0] * size[1] * size[2]);
  ASSERT_GT(labels, 0);
  EXPECT_NEAR(share(2), volume / (labels / static_cast<double>(dataset.cases(Role::kLabelled).size())), 1e-9);
}

TEST_F(CollapseTest, ARunWithoutValidationCasesFollowsItsUnlabelledCases) {
  const testing::TemporaryFolder copy;
  std::filesystem::copy(dataset_folder(), copy / "dataset", std::filesystem::copy_options::recursive);
  Split split = read_split(copy / "dataset/split.json");
  split.roles.erase(Role::kValidation);
  write_split(copy / "dataset/split.json", split);
  const Json tree = {{"method", "supervised"},
                     {"dataset", (copy / "dataset").string()},
                     {"sampler", {{"patch", {16, 16, 16}}}},
                     {"network", {{"widths", {4, 8}}, {"depths", {1, 1}}}},
                     {"optimiser", {{"learning_rate", 1e-12}}},
                     {"train", {{"iterations", 4}, {"validate_every", 1}, {"threads", 1}}}};
  train(make_run_config(tree, "test"), folder_ / "run", StartMode::kFresh);
  const std::string log = read_text_file(folder_ / "run/log.jsonl");
  EXPECT_THAT(log, HasSubstr("\"unlabelled\":{\"foreground\":"));
  EXPECT_THAT(read_run_record({folder_ / "run"}).selection, HasSubstr("last checkpoint"));
}

}  // namespace tss::collapse_test
