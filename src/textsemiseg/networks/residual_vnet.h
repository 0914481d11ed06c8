// Residual branch of MCF: a ResNet-34-like encoder in front of the V-Net decoder (Wang et al., CVPR 2023, "MCF: mutual correction
// framework"; docs/methods.md#mcf).
//
// The first level is Conv3d 7^3 (stride 1) + batch norm + ReLU at full resolution; every further level is a stage of basic blocks
// whose first one halves the sides. There is no max-pooling, so that the features have the scales and widths of a V-Net's.
// The released network starts from kaiming_normal() of blocks.h.
#pragma once

#include "textsemiseg/networks/vnet.h"

namespace tss {

// out = ReLU(BN(Conv(ReLU(BN(Conv(x))))) + shortcut(x)), 3^3 convolutions without bias; the shortcut is a strided 1^3 convolution
// with batch norm where width or sides change, else x itself.
class BasicBlockImpl : public torch::nn::Module {
 public:
  BasicBlockImpl(int64_t in, int64_t out, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x);

 private:
  torch::nn::Conv3d conv1_{nullptr}, conv2_{nullptr};
  torch::nn::BatchNorm3d bn1_{nullptr}, bn2_{nullptr};
  torch::nn::Sequential shortcut_{nullptr};
};
TORCH_MODULE(BasicBlock);

class ResidualEncoderImpl : public torch::nn::Module {
 public:
  // Uses in_channels and widths; stages of 3, 4, 6, 3, 3, ... blocks.
  explicit ResidualEncoderImpl(const VNetOptions& options);
  Skips forward(const torch::Tensor& x);  // sides multiples of side_multiple()

 private:
  torch::nn::Conv3d conv1_{nullptr};
  torch::nn::BatchNorm3d bn1_{nullptr};
  std::vector<torch::nn::Sequential> stages_;
};
TORCH_MODULE(ResidualEncoder);

// depths and dropout of the options act in the decoder only; normalisation must be "batch" (InputError).
class ResidualVNetImpl : public torch::nn::Module {
 public:
  explicit ResidualVNetImpl(const VNetOptions& options);
  torch::Tensor forward(const torch::Tensor& x);  // [N, C, X, Y, Z], any side -> logits [N, K, X, Y, Z]

 private:
  int64_t side_multiple_;
  ResidualEncoder encoder_{nullptr};
  VNetDecoder decoder_{nullptr};
};
TORCH_MODULE(ResidualVNet);

}  // namespace tss
