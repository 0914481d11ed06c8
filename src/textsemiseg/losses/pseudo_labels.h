// Hard labels from predictions.
#pragma once

#include <torch/torch.h>

namespace tss {

// Keeps the largest connected component of each sample's mask [N, X, Y, Z] (0/1, int64); runs on the CPU, result on the input's device.
torch::Tensor largest_component(const torch::Tensor& mask, int connectivity = 26);

}  // namespace tss
