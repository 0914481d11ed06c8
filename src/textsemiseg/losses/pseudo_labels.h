// Hard labels from predictions.
#pragma once

#include <torch/torch.h>

namespace tss {

// Keeps the largest connected component of each sample's mask [N, X, Y, Z] (0/1, int64); runs on the CPU, result on the input's device.
torch::Tensor largest_component(const torch::Tensor& mask, int connectivity = 26);

// The same for every foreground class of label maps [N, X, Y, Z] (int64, up to 255 classes): the removed voxels become background.
torch::Tensor largest_component_per_class(const torch::Tensor& label, int connectivity = 26);

}  // namespace tss
