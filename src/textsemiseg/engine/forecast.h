// How long a training will take: what is said after its first steps, and how many iterations a time budget pays for.
#pragma once

#include <cstdint>
#include <string>

#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/engine/watch_plan.h"

namespace tss {

// "patch 96 x 96 x 96, batch 2 + 2: 4.10 s a step, 29995 more iterations with 15 validations take about 34 h 10 min; memory ..." and, from
// an hour on, what would make it shorter. iteration: those that are done; memory: a phrase.
std::string forecast(const WatchPlan& plan, const RunConfig& config, int64_t iteration, double step_seconds,
                     const std::string& memory);

// Seconds of the parts of a run with a time budget.
struct TimeShares {
  double begun = 0;   // that have passed already
  double step = 0;    // of a step
  double look = 0;    // of a validation
  double save = 0;    // of a checkpoint
  double end = 0;     // of what comes after the last step: text probe, costs
  int64_t looks = 0;  // in a run of any length, where `every` is 0
  int64_t every = 0;  // iterations between two looks where they were asked for
  int64_t save_every = 1;
};
// Iterations that fit into so many seconds, at least 1.
int64_t iterations_within(double seconds, const TimeShares& shares);

}  // namespace tss
