// A linear map whose weights take no gradient.
#pragma once

#include <torch/torch.h>

namespace tss {

// x W^T + b: x [rows, in], weight [out, in], bias [out] or undefined -> [rows, out], differentiable in x alone.
// The weight may be bfloat16 whatever x is; products and sums are made in the type of x.
torch::Tensor frozen_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias = {});

// Rows up to which float32 products on the CPU are made by thin_product.h; more go to the general library. 0 turns it off. For tests and
// measurements; one setting for the whole process.
void set_thin_rows(int64_t rows);

}  // namespace tss
