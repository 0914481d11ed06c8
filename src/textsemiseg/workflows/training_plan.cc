#include "textsemiseg/workflows/training_plan.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/legal_mirrors.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {
namespace {

constexpr int64_t kFewLabels = 8;           // from here on unlabelled scans gained nothing at equal time
constexpr int64_t kLeastDeepSide = 4;       // of a patch at the network's deepest level
constexpr int64_t kLeastSide = 32;          // of a patch: less shows too little around a structure
constexpr double kFewestIterations = 1500;  // fewer leave a network short of what it can learn: the patch gives way
constexpr double kShareOfSteps = 0.85;      // of the time; the rest: start, validations, end
constexpr double kPatchesOfAStep = 2;
constexpr double kPlusStep = 2.3;  // supervised steps that a step of plus takes

double step_factor(const std::string& method) { return method == "supervised" ? 1 : kPlusStep; }

double voxels_of(const Size3& patch) {
  return static_cast<double>(patch[0]) * static_cast<double>(patch[1]) * static_cast<double>(patch[2]);
}

// The least of what memory and the clock allow.
PlanLimits limits_of(const TrainingFacts& facts, double step_seconds_per_voxel) {
  const double by_clock = facts.hours * 3600 * kShareOfSteps / (kFewestIterations * step_seconds_per_voxel);
  const bool clock = facts.most_memory_voxels <= 0 || by_clock < facts.most_memory_voxels;
  PlanLimits limits;
  limits.least_side = kLeastSide;
  limits.most_patch_voxels = std::max<int64_t>(1, static_cast<int64_t>(clock ? by_clock : facts.most_memory_voxels));
  if (clock) limits.why_most = concat("so that ", kFewestIterations, " iterations fit into the time");
  return limits;
}

// A network of five levels wants patches of 64 and more; smaller scans get sides of finer steps, and fewer levels.
PreparationPlan plan_with_patch(const TrainingFacts& facts, const Recipe& recipe, PlanLimits limits) {
  limits.side_multiple = 16;
  PreparationPlan plan = make_plan(facts.scans, limits, recipe);
  if (*std::min_element(plan.patch.begin(), plan.patch.end()) >= 16 * kLeastDeepSide) return plan;
  limits.side_multiple = 8;
  return make_plan(facts.scans, limits, recipe);
}

template <class T>
std::vector<T> first_of(const std::vector<T>& all, int64_t count) {
  return {all.begin(), all.begin() + std::min<std::ptrdiff_t>(count, std::ssize(all))};
}

}  // namespace

std::string method_for(int64_t labelled, int64_t unlabelled) {
  return labelled < kFewLabels && unlabelled >= labelled ? "plus" : "supervised";
}

int64_t levels_for(const Size3& patch) {
  int64_t levels = 5;
  while (levels > 2 && *std::min_element(patch.begin(), patch.end()) >> (levels - 1) < kLeastDeepSide) --levels;
  return levels;
}

TrainingPlan plan_training(const TrainingFacts& facts, const Recipe& recipe) {
  TrainingPlan out;
  const std::string method = facts.method.empty() ? method_for(facts.labelled, facts.unlabelled) : facts.method;
  const std::string cases = concat(facts.labelled, " labelled and ", facts.unlabelled, " unlabelled training cases");
  if (!facts.method.empty()) {
    out.reasons.push_back(concat("method: ", method, ", as asked for; ", cases));
  } else if (method == "plus") {
    out.reasons.push_back(concat("method: plus; ", cases, ", and below ", kFewLabels, " labelled ones the others help"));
  } else {
    out.reasons.push_back(concat(
        "method: supervised; ", cases,
        facts.unlabelled > 0 ? concat(", and from ", kFewLabels, " labelled ones on the others gained nothing in the same time")
                             : ""));
  }
  const double per_voxel = kPatchesOfAStep * step_factor(method) * facts.seconds_per_voxel;
  out.preparation = plan_with_patch(facts, recipe, limits_of(facts, per_voxel));
  const Size3& patch = out.preparation.patch;
  const double step = per_voxel * voxels_of(patch);
  out.iterations = std::max<int64_t>(1, static_cast<int64_t>(facts.hours * 3600 * kShareOfSteps / step));
  out.reasons.push_back(concat("time: ", format_duration(facts.hours * 3600), " of training; a step takes about ",
                               fixed(step, step < 1 ? 2 : 1), " s on this machine, so about ", out.iterations, " iterations",
                               static_cast<double>(out.iterations) < 0.9 * kFewestIterations
                                   ? concat(", few: below ", kFewestIterations, " expect less than the scans can give (--hours)")
                                   : ""));
  const VNetOptions network;
  const int64_t levels = levels_for(patch);
  out.reasons.push_back(concat("network: ", levels, " levels, ", join(first_of(network.widths, levels), ", "),
                               " channels; the smallest side of a patch is ",
                               *std::min_element(patch.begin(), patch.end()) >> (levels - 1), " voxels at the deepest"));
  const LegalMirrors mirrors = legal_mirrors(facts.class_names, !facts.scans.lacks_geometry);
  out.reasons.push_back(concat("mirrors: ", mirrors.axes.empty() ? "" : "axes " + join(mirrors.axes, ", "),
                               mirrors.axes.empty() || mirrors.reasons.empty() ? "" : "; ", join(mirrors.reasons, "; ")));
  out.reasons.push_back(facts.validation > 0
                            ? concat("checkpoint: the one with the best Dice on ", facts.validation, " validation cases")
                            : std::string("checkpoint: the last one; no validation case chooses"));
  out.reasons.emplace_back(
      "preset: strong (augmentation, averaged weights, instance norm), the settings that nnU-Net trains with");
  out.config = {{"method", method},
                {"preset", "strong"},
                {"sampler", {{"patch", patch}, {"mirrors", mirrors.axes}}},
                {"network", {{"widths", first_of(network.widths, levels)}, {"depths", first_of(network.depths, levels)}}},
                {"train", {{"time_budget", facts.hours * 3600}}}};
  return out;
}

}  // namespace tss
