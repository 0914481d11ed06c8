// Runs the layers of blocks.h in the way that is fastest on a CPU: memory layout by level, normalisation with ReLU and skip in one pass,
// and, where nothing is trained, batch norm inside the weights. Elsewhere, and while a graph is traced, layer by layer. The results agree
// within rounding.
#pragma once

#include <torch/torch.h>

namespace tss {

// The layers of a block in their order (convolutions, transposed ones, up-samplings, normalisations, ReLUs), with the skip connection added
// at the end where one is given. The result lies in memory as its width asks (memory_layout.h).
torch::Tensor run_block(torch::nn::Sequential& block, const torch::Tensor& x, const torch::Tensor& skip = {});

// One convolution. LibTorch computes small float32 features of a single sample by a general routine, several times slower than oneDNN;
// such a sample goes in as two overlapping halves.
torch::Tensor run_convolution(torch::nn::Conv3dImpl& convolution, const torch::Tensor& x);

// A convolution of 1^3 with few outputs, whose result is contiguous.
torch::Tensor run_head(torch::nn::Conv3dImpl& head, const torch::Tensor& x);

}  // namespace tss
