// Uncertainty-rectified pyramid consistency, URPC (Luo et al., MIA 2022; docs/methods.md#urpc).
#pragma once

#include <torch/torch.h>

#include <vector>

namespace tss {

struct PyramidConsistency {
  std::vector<torch::Tensor> divergence;  // K_s per scale, [N, 1, X, Y, Z]
  std::vector<torch::Tensor> scales;      // L_s per scale
  torch::Tensor loss;                     // their mean
};

// Logits of every scale at full size, [N, K, X, Y, Z]; q_s their softmax, p the mean of the q_s. No argument is detached.
//   K_s = sum_c p_c (ln p_c - ln q_sc),  w_s = exp(-K_s)
//   L_s = mean((p - q_s)^2 w_s) / (mean(w_s) + 1e-8) + mean(K_s)
PyramidConsistency pyramid_consistency(const std::vector<torch::Tensor>& logits);

}  // namespace tss
