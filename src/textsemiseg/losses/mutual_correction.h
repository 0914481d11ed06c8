// Corrections two networks make to each other, MCF (Wang et al., CVPR 2023; docs/methods.md#mcf).
#pragma once

#include <torch/torch.h>

namespace tss {

// Voxels whose most likely class differs between the networks: logits [N, K, X, Y, Z] -> [N, X, Y, Z] of 0 and 1 in their type.
torch::Tensor disagreement(const torch::Tensor& logits_a, const torch::Tensor& logits_b);

// sum(D (p - y)^2) / (sum(D) + 1e-16), the square averaged over the foreground classes (one in the publication).
// probabilities [N, K, X, Y, Z], label [N, X, Y, Z] classes, where [N, X, Y, Z].
torch::Tensor rectification_loss(const torch::Tensor& probabilities, const torch::Tensor& label, const torch::Tensor& where);

// p_c^(1/T) / sum_k p_k^(1/T).
torch::Tensor sharpen_over_classes(const torch::Tensor& probabilities, double temperature = 0.1);

}  // namespace tss
