#include "textsemiseg/engine/watch_plan.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/registry.h"

namespace tss {
namespace {

constexpr int64_t kLooks = 15;
constexpr double kShareOfRun = 0.02;
constexpr size_t kMostLabelled = 2, kMostUnlabelled = 3;

double voxels(const std::vector<int64_t>& sides) {
  double out = 1;
  for (const int64_t side : sides) out *= static_cast<double>(side);
  return out;
}

std::vector<std::string> first_cases(const Dataset& dataset, Role role, size_t count) {
  const auto& ids = dataset.cases(role);
  return {ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(std::min(count, ids.size()))};
}

// Patches of training that the windows of a case are worth.
double patches_of(const Dataset& dataset, const std::string& id, const WindowOptions& window, const std::vector<int64_t>& patch) {
  const Size3 size = dataset.load(id, LabelUse::kLeftAlone).geometry.size;
  return static_cast<double>(windows_of(size, window)) * voxels(window.patch) / voxels(patch);
}

int64_t batch_of(const RunConfig& config) {
  return config.sampler.labelled + (method_info(config.method).uses_unlabelled ? config.sampler.unlabelled : 0);
}

double sum_of(const std::vector<double>& values, size_t count) {
  double out = 0;
  for (size_t i = 0; i < std::min(count, values.size()); ++i) out += values[i];
  return out;
}

int64_t looks_in(int64_t iterations, int64_t every) { return (iterations + every - 1) / every; }

// Without cases that choose: as many cases and looks as 2 % of the run pay for, none where it does not pay for one.
void plan_within_share(WatchPlan& plan, const RunConfig& config, const Dataset& dataset) {
  plan.window.stride.clear();
  plan.window.overlap = 0;
  plan.scored = first_cases(dataset, Role::kLabelled, kMostLabelled);
  plan.watched = first_cases(dataset, Role::kUnlabelled, kMostUnlabelled);
  std::vector<double> labelled, unlabelled;
  for (const std::string& id : plan.scored) labelled.push_back(patches_of(dataset, id, plan.window, config.sampler.patch));
  for (const std::string& id : plan.watched) unlabelled.push_back(patches_of(dataset, id, plan.window, config.sampler.patch));
  const int64_t iterations = config.train.iterations;
  const double paid = kShareOfRun * static_cast<double>(iterations * batch_of(config)) / kWindowCost;
  const auto cost = [&] { return sum_of(labelled, plan.scored.size()) + sum_of(unlabelled, plan.watched.size()); };
  constexpr double kEnoughLooks = 4;
  const bool asked = config.train.validate_every > 0;
  while (!asked && paid < kEnoughLooks * cost() && plan.scored.size() + plan.watched.size() > 2)
    (plan.watched.size() >= plan.scored.size() ? plan.watched : plan.scored).pop_back();
  plan.patches = cost();
  if (asked) return;
  const auto affordable = std::min<double>(kLooks, std::floor(paid / std::max(plan.patches, 1e-9)));
  plan.looks = std::min(iterations, static_cast<int64_t>(affordable));
  plan.every = plan.looks > 0 ? looks_in(iterations, plan.looks) : 0;
  plan.looks = plan.every > 0 ? looks_in(iterations, plan.every) : 0;
}

}  // namespace

int64_t windows_of(const Size3& size, const WindowOptions& window) {
  const auto stride = window.resolved_stride();
  int64_t out = 1;
  for (size_t a = 0; a < 3; ++a)
    out *= static_cast<int64_t>(window_starts(std::max(size[a], window.patch[a]), window.patch[a], stride[a]).size());
  return out;
}

bool look_is_due(const WatchPlan& plan, int64_t iteration, bool phase_ends, bool run_ends) {
  if (plan.every == 0) return false;
  return iteration % plan.every == 0 || (plan.selects ? phase_ends : run_ends);
}

double look_steps(const WatchPlan& plan, const RunConfig& config) {
  return plan.patches * kWindowCost / static_cast<double>(std::max<int64_t>(1, batch_of(config)));
}

WatchPlan plan_watching(const RunConfig& config, const Dataset& dataset) {
  WatchPlan plan;
  plan.window = config.inference;
  const bool published = config.train.protocol == "published";
  plan.scored = dataset.cases(published ? Role::kTest : Role::kValidation);
  if (published && plan.scored.empty())
    throw InputError("train.protocol", "'published' selects on test cases, and the split has none", "honest");
  plan.selects = !plan.scored.empty();
  plan.every =
      config.train.validate_every > 0 ? config.train.validate_every : std::max<int64_t>(1, config.train.iterations / kLooks);
  plan.looks = looks_in(config.train.iterations, plan.every);
  if (!plan.selects) {
    plan_within_share(plan, config, dataset);
    return plan;
  }
  for (const std::string& id : plan.scored) plan.patches += patches_of(dataset, id, plan.window, config.sampler.patch);
  return plan;
}

std::string selection_rule(const WatchPlan& plan, const std::string& protocol) {
  if (protocol == "published") return "best mean foreground Dice on TEST cases during training (published practice; optimistic)";
  if (plan.selects)
    return concat("best mean foreground Dice on ", plan.scored.size(), " validation cases; test cases never read");
  return "last checkpoint (no validation cases); test cases never read";
}

}  // namespace tss
