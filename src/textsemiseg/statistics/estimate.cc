#include "textsemiseg/statistics/estimate.h"

#include <cmath>
#include <numeric>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/random.h"

namespace tss {

std::vector<double> bootstrap_means(const std::vector<double>& values, const BootstrapOptions& options) {
  if (values.empty()) return {};
  const auto n = static_cast<int64_t>(values.size());
  std::vector<double> means(static_cast<size_t>(options.resamples));
  for (size_t b = 0; b < means.size(); ++b) {
    Random random(options.seed, Stream::kBootstrap, b);
    double sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += values[static_cast<size_t>(random.below(n))];
    means[b] = sum / static_cast<double>(n);
  }
  return means;
}

Estimate estimate_mean(const std::vector<double>& values, const BootstrapOptions& options) {
  return estimate_mean(values, values.size() > 1 ? bootstrap_means(values, options) : std::vector<double>{}, options.level);
}

Estimate estimate_mean(const std::vector<double>& values, std::vector<double> resampled, double level) {
  Estimate out;
  out.count = static_cast<int64_t>(values.size());
  if (values.empty()) return out;
  const double n = static_cast<double>(values.size());
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() == 1) return out;
  double squares = 0;
  for (const double v : values) squares += (v - *out.mean) * (v - *out.mean);
  out.deviation = std::sqrt(squares / (n - 1));

  out.low = percentile(resampled, 50 * (1 - level));
  out.high = percentile(resampled, 50 * (1 + level));
  return out;
}

}  // namespace tss
