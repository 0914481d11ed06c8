// Where the channels of a feature lie in memory. oneDNN convolves narrow levels faster with the channels last (docs/methods.md#network); at
// 128 channels and more it is the other way round. A layout is the strides of a tensor: shapes and values are the same.
#pragma once

#include <torch/torch.h>

#include <cstdint>

namespace tss {

// x [N, C, X, Y, Z] as a level of `width` channels wants it: channels last, or contiguous. On the CPU in float32 and bfloat16; elsewhere,
// and while a graph is traced, x itself.
torch::Tensor in_level_layout(const torch::Tensor& x, int64_t width);

// x [N, C, X, Y, Z] with its channels last, whatever their number: LibTorch interpolates that several times faster. Elsewhere, as above, x.
torch::Tensor in_interpolation_layout(const torch::Tensor& x);

// x with the strides of like, whose shape and device it has.
torch::Tensor in_layout_of(const torch::Tensor& x, const torch::Tensor& like);

}  // namespace tss
