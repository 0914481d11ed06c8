// Agreement between predictions.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace tss {

// MC-Net's sharpening per class channel: p^(1/T) / (p^(1/T) + (1 - p)^(1/T)), T = 0.1 (Wu et al., MICCAI 2021).
torch::Tensor sharpen(const torch::Tensor& probabilities, double temperature = 0.1);

// Sum over ordered pairs i != j of mean((p_i - S(p_j))^2); gradient through both arguments, as released.
torch::Tensor mutual_consistency(const std::vector<torch::Tensor>& probabilities);

}  // namespace tss
