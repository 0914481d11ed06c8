#include "textsemiseg/runs/result_keys.h"

#include <algorithm>

namespace tss {
namespace {

constexpr const char* kMayChange[] = {
    "train.device",            // where the same sums are made
    "train.threads",           // how many cores share them
    "train.log_every",         // steps that one line of the log averages; the loss is looked at, never changed
    "train.checkpoint_every",  // how much is lost when the program is stopped
    "train.check_memory",      // whether it begins
    "sampler.threads",         // who draws a batch; its numbers are a function of seed and iteration
    "sampler.queue",           // how many batches are drawn ahead
    "inference.batch",         // windows per call of the network, which in evaluation treats each by itself
};

}  // namespace

bool may_change_on_the_way(const std::string& dotted) {
  return std::find(std::begin(kMayChange), std::end(kMayChange), dotted) != std::end(kMayChange);
}

bool leaves_result_alone(const std::string& dotted) {
  // It sets train.iterations when a run begins, and those are in the configuration that the run keeps. Whoever resumes with another one
  // wants other iterations, which a run cannot have: that is refused.
  return may_change_on_the_way(dotted) || dotted == "train.time_budget";
}

Json deciding_settings(const Json& tree, const std::string& section) {
  Json out = Json::object();
  for (const auto& [key, value] : tree.items()) {
    const std::string name = section.empty() ? key : section + "." + key;
    if (may_change_on_the_way(name)) continue;
    if (!value.is_object() || value.empty()) {
      out[key] = value;
      continue;
    }
    Json inner = deciding_settings(value, name);
    if (!inner.empty()) out[key] = std::move(inner);
  }
  return out;
}

}  // namespace tss
