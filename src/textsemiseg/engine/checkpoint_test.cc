#include "textsemiseg/engine/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/testing.h"
#include "textsemiseg/base/files.h"

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

TEST(Checkpoint, AChangedByteIsFoundWhereverItIs) {
  const testing::TemporaryFolder folder;
  const auto file = folder / "last.safetensors";
  write_checkpoint(file, example());
  const std::string sound = read_text_file(file);
  const size_t header = 8 + *reinterpret_cast<const uint64_t*>(sound.data());
  for (const size_t at : {sound.size() - 1, header, header + 9, sound.find("0.75")}) {
    std::string changed = sound;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    write_text_file(file, changed);
    EXPECT_THAT(testing::input_error_of([&] { read_checkpoint(file); }), HasSubstr("last.safetensors: is damaged")) << at;
  }
  write_text_file(file, sound);
  EXPECT_NO_THROW(read_checkpoint(file));
}

TEST(Checkpoint, EqualStatesGiveEqualFiles) {
  const testing::TemporaryFolder folder;
  const Checkpoint one = example();
  write_checkpoint(folder / "a.safetensors", one);
  write_checkpoint(folder / "b.safetensors", one);
  EXPECT_EQ(read_text_file(folder / "a.safetensors"), read_text_file(folder / "b.safetensors"));
}

TEST(Checkpoint, WeightsAreFinite) {
  const testing::TemporaryFolder folder;
  for (const double value : {std::nan(""), static_cast<double>(INFINITY)}) {
    Checkpoint broken = example();
    broken.method["network.w"][1][2] = value;
    write_checkpoint(folder / "last.safetensors", broken);
    EXPECT_THAT(testing::input_error_of([&] { read_checkpoint(folder / "last.safetensors"); }),
                HasSubstr("last.safetensors: tensor 'method.network.w': holds NaN or infinite values"));
  }
}

TEST(Checkpoint, FilesOfEarlierVersionsHaveNoHash) {
  const testing::TemporaryFolder folder;
  write_checkpoint(folder / "new.safetensors", example());
  TensorFile file = read_safetensors(folder / "new.safetensors");
  file.metadata.erase("content_hash");
  write_safetensors(folder / "old.safetensors", file);
  EXPECT_EQ(read_checkpoint(folder / "old.safetensors").state.iteration, 40);
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
