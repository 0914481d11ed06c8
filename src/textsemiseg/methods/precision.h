// bf16: convolutions and matrix products in bfloat16 (autocast), parameters, gradients and losses in float32.
#pragma once

#include <torch/torch.h>

namespace tss {

class PrecisionScope {
 public:
  PrecisionScope(bool bf16, torch::DeviceType device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  bool active_;
  torch::DeviceType device_;
};

}  // namespace tss
