// Weights that grow during training.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace tss {

// G(c, L) = exp(-5 (1 - clip(c, 0, L) / L)^2), 1 where L = 0 (Laine and Aila, ICLR 2017; docs/methods.md#ramps).
inline double gaussian_ramp(double current, double length) {
  if (length <= 0) return 1.0;
  const double rest = 1.0 - std::clamp(current, 0.0, length) / length;
  return std::exp(-5.0 * rest * rest);
}

// The released programs count in virtual epochs of 150 iterations.
inline double published_ramp(int64_t iteration, double epochs) {
  return gaussian_ramp(static_cast<double>(iteration / 150), epochs);
}

}  // namespace tss
