#include "textsemiseg/recipe/steps.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// One of each kind, in the usual order.
const std::vector<Step>& all_steps() {
  static const std::vector<Step> steps = {Reorient{}, Resample{},       Reduce{},    Crop{},
                                          Window{},   ClipPercentile{}, Normalise{}, Pad{}};
  return steps;
}

}  // namespace

const char* step_kind(const Step& step) {
  return std::visit([](const auto& one) { return one.kStep; }, step);
}

const std::vector<std::string>& step_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> out;
    for (const Step& step : all_steps()) out.emplace_back(step_kind(step));
    return out;
  }();
  return kinds;
}

Step default_step(const std::string& kind, const std::string& subject) {
  for (const Step& step : all_steps()) {
    if (kind == step_kind(step)) return step;
  }
  throw InputError(subject, "'" + kind + "'" + did_you_mean(kind, step_kinds()), join(step_kinds(), ", "));
}

}  // namespace tss
