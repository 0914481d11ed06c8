#include "textsemiseg/methods/precision.h"

#include <ATen/autocast_mode.h>

namespace tss {

PrecisionScope::PrecisionScope(bool bf16, torch::DeviceType device) : active_(bf16), device_(device) {
  if (!active_) return;
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
  at::autocast::increment_nesting();
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, false);
}

}  // namespace tss
