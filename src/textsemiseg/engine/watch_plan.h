// Which cases a training looks at on its way, how often, and what that costs.
//
// Validation cases (with the protocol published: test cases) choose the checkpoint and are segmented about fifteen times. Where there are
// none, a few labelled and unlabelled cases tell whether the training has collapsed (engine/collapse.h). That is worth 2 % of the run and
// no more: fewer looks, at fewer cases, with windows side by side; none in a run too short for one. With train.validate_every there are as
// many as were asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/volume/geometry.h"

namespace tss {

struct WatchPlan {
  std::vector<std::string> scored;   // cases whose Dice is followed
  std::vector<std::string> watched;  // unlabelled cases whose foreground is followed where no Dice chooses
  bool selects = false;              // their Dice chooses the checkpoint
  WindowOptions window;
  int64_t every = 1;   // iterations; 0: never
  int64_t looks = 1;   // in the whole run
  double patches = 0;  // of one look: voxels of all its windows, in patches of the training
};

// Windows of a scan of this size.
int64_t windows_of(const Size3& size, const WindowOptions& window);

// Share of a training patch's time in a step that one window of the same size takes in prediction: a forward pass of three passes at
// most (docs/train.md#what-watching-costs has what was measured).
inline constexpr double kWindowCost = 0.35;

// Throws InputError where the protocol published finds no test case.
WatchPlan plan_watching(const RunConfig& config, const Dataset& dataset);

bool look_is_due(const WatchPlan& plan, int64_t iteration, bool phase_ends, bool run_ends);
// What a look costs, in steps of the training.
double look_steps(const WatchPlan& plan, const RunConfig& config);

// How the checkpoint is chosen, one sentence for run.json.
std::string selection_rule(const WatchPlan& plan, const std::string& protocol);

}  // namespace tss
