#include "textsemiseg/engine/loss_guard.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/strings.h"

namespace tss {

std::string LossGuard::objection(const std::string& name, double loss) {
  if (std::isnan(loss)) return "is NaN";
  if (std::isinf(loss)) return "is infinite";
  if (spike_ <= 0) return "";
  constexpr int64_t kSteps = 50;
  double mean = 0;
  int64_t accepted = 0;
  if (const auto known = means_.find(name); known != means_.end() && known->is_array() && known->size() == 2) {
    mean = known->at(0).get<double>();
    accepted = known->at(1).get<int64_t>();
  }
  const double size = std::abs(loss);
  // A mean of few losses knows nothing, and one of 0 would call everything a spike.
  if (accepted >= kSteps && mean > 0 && size > spike_ * mean)
    return concat("is ", fixed(loss, 4), ", ", fixed(size / mean, 1), " times its mean");
  accepted = std::min(accepted + 1, kSteps);
  mean += (size - mean) / static_cast<double>(accepted);
  means_[name] = {mean, accepted};
  return "";
}

}  // namespace tss
