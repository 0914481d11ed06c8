// Class vectors and text features have length 1.
#pragma once

#include <torch/torch.h>

namespace tss {

// rows [N, d] -> [N, d], each divided by its Euclidean norm.
inline torch::Tensor unit_rows(const torch::Tensor& rows) {
  return torch::nn::functional::normalize(rows, torch::nn::functional::NormalizeFuncOptions().dim(1));
}

}  // namespace tss
