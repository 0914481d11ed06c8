#include "textsemiseg/statistics/estimate.h"

#include <cmath>
#include <numeric>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/base/random.h"

namespace tss {

Estimate estimate_mean(const std::vector<double>& values, const BootstrapOptions& options) {
  Estimate out;
  out.count = static_cast<int64_t>(values.size());
  if (values.empty()) return out;
  const double n = static_cast<double>(values.size());
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  if (values.size() == 1) return out;
  double squares = 0;
  for (const double v : values) squares += (v - *out.mean) * (v - *out.mean);
  out.deviation = std::sqrt(squares / (n - 1));

  std::vector<double> means(static_cast<size_t>(options.resamples));
  for (size_t b = 0; b < means.size(); ++b) {
    Random random(options.seed, Stream::kBootstrap, b);
    double sum = 0;
    for (size_t i = 0; i < values.size(); ++i) sum += values[static_cast<size_t>(random.below(out.count))];
    means[b] = sum / n;
  }
  out.low = percentile(means, 50 * (1 - options.level));
  out.high = percentile(means, 50 * (1 + options.level));
  return out;
}

}  // namespace tss
