// The loop: batches, steps, log, checkpoints, selection. Knows no method by name.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/engine/run_config.h"

namespace tss {

struct TrainResult {
  int64_t iterations = 0;
  double seconds = 0;                // in this call
  std::optional<double> best_score;  // mean foreground Dice of the selected checkpoint, where one was selected
  int64_t best_iteration = 0;
  int64_t skipped = 0;  // steps of the run that were not taken because of their loss
};

enum class StartMode {
  kFresh,   // the run folder must not hold a run
  kResume,  // goes on from the last checkpoint; a run that has none yet begins anew; the folder must hold a run
  kLonger,  // the same up to more iterations than the run was to have (train.iterations)
};

// For those who watch: called on the thread that trains, so they must be quick. Exceptions end the training.
struct TrainHooks {
  // The run folder is there; iteration: where a resumed run goes on, 0 of a fresh one.
  std::function<void(int64_t iteration)> begun;
  std::function<void(const Json& line)> logged;  // every line of log.jsonl
};

// Trains into the run folder. A resumed run equals an uninterrupted one bit for bit on the CPU with the same number of threads.
// Throws InputError (bad configuration, a run that exists, none to resume, a resumed run whose configuration differs: the key is named; a
// patch that does not fit into memory), Interrupted after Ctrl-C (a checkpoint was written), Error on a NaN loss where train.nonfinite
// does not skip it, or too many in a row (the last good checkpoint is kept).
TrainResult train(const RunConfig& config, const std::filesystem::path& run, StartMode mode, const TrainHooks& hooks = {});

}  // namespace tss
