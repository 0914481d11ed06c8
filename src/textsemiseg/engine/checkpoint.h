// A checkpoint: one safetensors file with the method, its optimisers and what is needed to predict without a text encoder, and a JSON
// file beside it for people. The safetensors file alone is enough: its metadata holds the state too, so that a checkpoint is one
// atomic rename.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

struct TrainState {
  int64_t iteration = 0;   // completed steps
  int64_t iterations = 0;  // t_max of the run
  int64_t threads = 0;
  double seconds = 0;                // spent training so far; in the JSON file alone: equal runs have equal checkpoints
  int64_t phases_begun = 1;          // of the method's phases; checkpoints from before there were several lack it
  std::optional<double> best_score;  // mean foreground Dice of the best selection so far, in the current phase
  int64_t best_iteration = 0;
  std::string encoder_hash;
  int64_t skipped = 0;           // steps that were not taken because of their loss (train.nonfinite = skip)
  int64_t skipped_in_a_row = 0;  // the last ones of them
  Json losses = Json::object();  // what LossGuard knows

  template <class V>
  void visit(V& v) {
    v("iteration", iteration);
    v("iterations", iterations);
    v("threads", threads);
    v("seconds", seconds);
    v("phases_begun", phases_begun);
    v("best_iteration", best_iteration);
    v("encoder_hash", encoder_hash);
    v("skipped", skipped);
    v("skipped_in_a_row", skipped_in_a_row);
    v("losses", losses);
  }
};

struct Checkpoint {
  TrainState state;
  TensorMap method;           // parameters and buffers
  TensorMap optimiser;        // engine/optimisation.h state()
  TensorMap average;          // of `method`, which predicts in its place (engine/weight_average.h); empty without train.average
  torch::Tensor class_texts;  // [K, d] or undefined
};

// path ends in .safetensors; path with .json beside it.
void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
// Throws InputError naming the file.
Checkpoint read_checkpoint(const std::filesystem::path& path);

}  // namespace tss
