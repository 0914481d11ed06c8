// Sums of loss terms, taken one after another: the order in which floating-point numbers are added decides their last bits.
#pragma once

#include <torch/torch.h>

#include <vector>

namespace tss {

// sum <- sum + term; an undefined sum is an empty one.
inline void add_to(torch::Tensor& sum, const torch::Tensor& term) { sum = sum.defined() ? sum + term : term; }

// Undefined without terms.
inline torch::Tensor sum_of(const std::vector<torch::Tensor>& terms) {
  torch::Tensor sum;
  for (const torch::Tensor& term : terms) add_to(sum, term);
  return sum;
}

}  // namespace tss
