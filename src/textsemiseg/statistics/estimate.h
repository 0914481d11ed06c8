// A mean over cases with its uncertainty.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tss {

// Numbers that do not exist are absent: the mean of no case, the deviation and the interval of one case.
struct Estimate {
  std::optional<double> mean, deviation;  // sample standard deviation over cases (n - 1)
  std::optional<double> low, high;        // bootstrap interval of the mean
  int64_t count = 0;                      // cases with a defined value
};

struct BootstrapOptions {
  int64_t resamples = 10000;
  double level = 0.95;
  uint64_t seed = 0;
};

// Means of resamples: each draws as many values as there are, with replacement. Empty where there are no values.
std::vector<double> bootstrap_means(const std::vector<double>& values, const BootstrapOptions& options = {});

// Interval: percentile bootstrap over cases. Each resample draws as many cases as there are, with replacement, from the
// counter-based generator keyed by (seed, kBootstrap, number of the resample); the interval runs between the
// (1 -+ level) / 2 quantiles of the resampled means. With few cases (below about 10) such intervals come out too short.
Estimate estimate_mean(const std::vector<double>& values, const BootstrapOptions& options = {});
// The same from resampled means at hand.
Estimate estimate_mean(const std::vector<double>& values, std::vector<double> resampled, double level);

}  // namespace tss
