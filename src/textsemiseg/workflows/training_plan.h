// What `run` chooses where a person says nothing: method, patch, levels, mirrors and time, from the scans, the split and the clock, each
// with its reason (docs/run.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/checks/preparation_plan.h"

namespace tss {

struct TrainingFacts {
  PlanFacts scans;
  std::vector<std::string> class_names;  // background first
  int64_t labelled = 0, unlabelled = 0, validation = 0;
  double seconds_per_voxel = 0;   // of a supervised step (workflows/step_time.h)
  double hours = 2;               // for the training
  double most_memory_voxels = 0;  // voxels of a patch that memory allows; 0: unknown
  std::string method;             // empty: chosen here
};

struct TrainingPlan {
  PreparationPlan preparation;  // with the patch; its reasons come first
  Json config;                  // for train --config
  int64_t iterations = 0;       // about as many as fit
  std::vector<std::string> reasons;
};

// The method that a measurement speaks for with so many labelled cases (docs/run.md#which-method).
std::string method_for(int64_t labelled, int64_t unlabelled);

// Levels of the network so that the deepest side of a patch is at least 4: 2 to 5.
int64_t levels_for(const Size3& patch);

TrainingPlan plan_training(const TrainingFacts& facts, const Recipe& recipe);

}  // namespace tss
