#include "textsemiseg/engine/text_probe.h"

#include <gtest/gtest.h>

#include "support/phantom_dataset.h"

namespace tss::text_probe_test {

// Class k is where the image is nearest to the mean of its text vector: texts decide everything, and each counts for its own class.
class NearestText : public Method {
 public:
  void train_step(const Batch&, Context&) override {}
  torch::Tensor predict(const torch::Tensor& windows) override {
    const torch::Tensor centre = texts_.mean(1).view({1, -1, 1, 1, 1});
    return torch::softmax(-(windows - centre).square(), 1);
  }
  void set_class_texts(const torch::Tensor& features) override { texts_ = features; }
  torch::Tensor class_texts() override { return texts_; }

 private:
  torch::Tensor texts_ = torch::tensor({{-0.5F, -0.3F}, {0.2F, 0.4F}, {1.0F, 1.2F}, {1.8F, 1.9F}});
};

class TextProbeTest : public testing::PhantomDataset {
 protected:
  TextProbe probe(Method& method) {
    const Dataset dataset = Dataset::open(dataset_folder());
    WindowOptions window;
    window.patch = {16, 16, 16};
    return probe_texts(method, dataset, dataset.cases(Role::kTest), plain_replacements(method.class_texts(), 3), window,
                       torch::kCPU);
  }
};

TEST_F(TextProbeTest, SeesWhatTextsDecide) {
  NearestText method;
  const torch::Tensor own = method.class_texts().clone();
  const TextProbe probed = probe(method);
  ASSERT_EQ(probed.rows.size(), 4u);
  for (const TextProbeRow& row : probed.rows) {
    EXPECT_EQ(row.cases.size(), 2u);
    EXPECT_GT(row.mean_logit(), 0.1) << row.replacement.name;
    EXPECT_GE(row.largest_logit(), row.mean_logit());
    EXPECT_GT(row.decided(), 0.01) << row.replacement.name;
    EXPECT_TRUE(row.dice.mean && row.dice.low && row.dice.high);
  }
  EXPECT_TRUE(torch::equal(method.class_texts(), own));
}

TEST_F(TextProbeTest, ReplacementsAreWhatTheySay) {
  const torch::Tensor own = torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {0.6F, 0.8F}});
  const auto all = plain_replacements(own, 7);
  EXPECT_TRUE(torch::equal(all[0].texts, own.index_select(0, torch::tensor({1, 2, 0}))));
  for (int64_t k = 0; k < 3; ++k) EXPECT_TRUE(torch::equal(all[1].texts[k], own[1]));
  EXPECT_TRUE(torch::allclose(all[2].texts.norm(2, 1), torch::ones({3})));
  EXPECT_EQ(all[3].texts.abs().max().item<float>(), 0);
}

TEST_F(TextProbeTest, IsSilentWhereNoTextEnters) {
  class Fixed : public NearestText {
   public:
    torch::Tensor predict(const torch::Tensor& windows) override {
      const torch::Tensor p = torch::sigmoid(windows);
      return torch::cat({1 - p, p, torch::zeros_like(p), torch::zeros_like(p)}, 1);
    }
  } method;
  const TextProbe probed = probe(method);
  for (const TextProbeRow& row : probed.rows) {
    EXPECT_EQ(row.largest_logit(), 0);
    EXPECT_EQ(row.decided(), 0);
    EXPECT_EQ(row.dice.mean.value_or(1), 0);
  }
}

}  // namespace tss::text_probe_test
