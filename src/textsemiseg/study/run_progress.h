// How far a run is, read from its folder alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "textsemiseg/study/table_plan.h"

namespace tss {

struct RunProgress {
  bool started = false;              // there is a configuration
  int64_t iteration = 0;             // of the last checkpoint
  int64_t iterations = 0;            // of the whole run; 0: no checkpoint yet
  std::optional<double> best_score;  // mean foreground Dice on the cases that select the checkpoint
  int64_t best_iteration = 0;
  std::optional<double> test_dice;  // mean of results/test, of the selected checkpoint with this post-processing

  bool trained() const { return iterations > 0 && iteration >= iterations; }
};

// Files that are half there count as not there.
RunProgress read_progress(const std::filesystem::path& run, const PlanEvaluation& evaluation);

// What the log says of a training that goes on: "iteration 410, last checkpoint at 400 of 2000, loss 0.4312"; empty before it
// says anything.
std::string describe_training(const std::filesystem::path& run);

// "validation Dice 0.8123 (iteration 1900), test Dice 0.8047"; what there is of it.
std::string describe_scores(const RunProgress& progress);

// Seconds since the run's log was written to; empty without a log.
std::optional<double> seconds_since_log(const std::filesystem::path& run);

// Begins the line that says what was started.
inline constexpr const char* kAttempt = "--- ";
// The last lines that the last attempt wrote; the one that begins with "error:" alone where there is one.
std::string failure_reason(const std::filesystem::path& log, int64_t lines = 3);

}  // namespace tss
