#include "textsemiseg/engine/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::checkpoint_test {

using ::testing::HasSubstr;

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.state = {.iteration = 40,
                      .iterations = 100,
                      .threads = 2,
                      .seconds = 1.5,
                      .best_score = 0.75,
                      .best_iteration = 20,
                      .encoder_hash = "abc"};
  checkpoint.method["network.w"] = torch::randn({2, 3});
  checkpoint.optimiser["optimiser.all.0.momentum"] = torch::randn({2, 3});
  checkpoint.class_texts = torch::randn({3, 8});
  return checkpoint;
}

TEST(Checkpoint, ComesBackWhole) {
  const testing::TemporaryFolder folder;
  const Checkpoint written = example();
  write_checkpoint(folder / "last.safetensors", written);
  const Checkpoint read = read_checkpoint(folder / "last.safetensors");
  EXPECT_EQ(read.state.iteration, 40);
  EXPECT_EQ(read.state.best_score, 0.75);
  EXPECT_EQ(read.state.encoder_hash, "abc");
  EXPECT_TRUE(torch::equal(read.method.at("network.w"), written.method.at("network.w")));
  EXPECT_TRUE(torch::equal(read.optimiser.at("optimiser.all.0.momentum"), written.optimiser.at("optimiser.all.0.momentum")));
  EXPECT_TRUE(torch::equal(read.class_texts, written.class_texts));
  EXPECT_EQ(read_json(folder / "last.json").at("iteration"), 40);
}

TEST(Checkpoint, RefusesForeignAndCutFiles) {
  const testing::TemporaryFolder folder;
  write_safetensors(folder / "other.safetensors", TensorFile{{{"x", torch::zeros({1})}}, {}});
  EXPECT_THAT(testing::input_error_of([&] { read_checkpoint(folder / "other.safetensors"); }), HasSubstr("other.safetensors"));
  write_checkpoint(folder / "whole.safetensors", example());
  testing::truncate_copy(folder / "whole.safetensors", folder / "cut.safetensors", 10);
  EXPECT_THAT(testing::input_error_of([&] { read_checkpoint(folder / "cut.safetensors"); }), HasSubstr("cut.safetensors"));
  EXPECT_THAT(testing::input_error_of([&] { read_checkpoint(folder / "none.safetensors"); }), HasSubstr("none.safetensors"));
}

}  // namespace tss::checkpoint_test
