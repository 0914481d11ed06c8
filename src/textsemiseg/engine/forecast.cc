#include "textsemiseg/engine/forecast.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/registry.h"

namespace tss {
namespace {

// What would make a long run shorter.
std::string advice(const RunConfig& config, double seconds) {
  constexpr double kLong = 3600;
  if (seconds < kLong) return "";
  std::vector<int64_t> patch;
  double share = 1;
  const int64_t multiple = config.network.side_multiple();
  for (const int64_t side : config.sampler.patch) {
    const auto steps = std::lround(0.8 * static_cast<double>(side) / static_cast<double>(multiple));
    patch.push_back(std::max<int64_t>(1, steps) * multiple);
    share *= static_cast<double>(patch.back()) / static_cast<double>(side);
  }
  std::string out = concat(". Shorter: fewer --iterations, --time-budget SECONDS, a GPU (--device cuda:0)");
  if (share < 0.9) out += concat(", or --set sampler.patch=[", join(patch, ","), "] (about ", fixed(share, 1), " of the time)");
  return out;
}

}  // namespace

std::string forecast(const WatchPlan& plan, const RunConfig& config, int64_t iteration, double step_seconds,
                     const std::string& memory) {
  const int64_t left = config.train.iterations - iteration;
  const int64_t looks = plan.every > 0 ? (left + plan.every - 1) / plan.every : 0;
  const double seconds = step_seconds * (static_cast<double>(left) + static_cast<double>(looks) * look_steps(plan, config));
  const int64_t unlabelled = method_info(config.method).uses_unlabelled ? config.sampler.unlabelled : 0;
  return concat("patch ", join(config.sampler.patch, " x "), ", batch ", config.sampler.labelled, " + ", unlabelled, ": ",
                fixed(step_seconds, step_seconds < 1 ? 3 : 2), " s a step, ", left, " more iterations with ", looks,
                plan.selects ? " validations" : " looks at a few cases", " take about ", format_duration(seconds), "; ", memory,
                advice(config, seconds));
}

int64_t iterations_within(double seconds, const TimeShares& shares) {
  const double left = seconds - shares.begun - shares.end - shares.save;
  const double step = shares.step + shares.save / static_cast<double>(std::max<int64_t>(1, shares.save_every));
  // A last look comes in any case.
  const double steps = shares.every > 0 ? (left - shares.look) / (step + shares.look / static_cast<double>(shares.every))
                                        : (left - static_cast<double>(shares.looks) * shares.look) / step;
  if (steps >= static_cast<double>(shares.looks)) return std::max<int64_t>(1, static_cast<int64_t>(steps));
  // So few steps that each is followed by a look.
  return std::max<int64_t>(1, static_cast<int64_t>(left / (step + shares.look)));
}

}  // namespace tss
