// relu(norm(x)) + skip in one reading of x (two where statistics are taken), and the same backward. Separate layers read and write the
// feature four to six times, and these passes are bound by memory.
#pragma once

#include <torch/torch.h>

namespace tss {

// x [N, C, X, Y, Z]; skip: undefined, or of x's shape. The result has x's memory layout, contiguous or channels-last. As the modules do,
// batch norm in training takes the statistics of the batch, otherwise its running ones, and instance norm those of each sample; running
// statistics follow. On the CPU in float32 and bfloat16; elsewhere, and while a graph is traced, the plain layers.
torch::Tensor norm_relu(torch::nn::BatchNorm3dImpl& norm, const torch::Tensor& x, const torch::Tensor& skip = {});
torch::Tensor norm_relu(torch::nn::InstanceNorm3dImpl& norm, const torch::Tensor& x, const torch::Tensor& skip = {});

}  // namespace tss
