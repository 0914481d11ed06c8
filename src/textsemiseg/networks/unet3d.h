// 3D U-Net as released with SSL4MIS: the plain one and URPC's with a supervised head per decoder level (Cicek et al., MICCAI 2016;
// Luo et al., MIA 2022; docs/methods.md#urpc).
//
// A level is two times (Conv3d 3^3, instance norm without affine, ReLU); max-pooling halves the sides, trilinear up-sampling
// (align_corners = false) doubles them; skip connections are concatenations, the skip first. Both released networks start from
// kaiming_normal() of blocks.h.
#pragma once

#include "textsemiseg/networks/deep_supervision.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

// Uses in_channels, classes, widths and dropout of the options; a level has two convolutions whatever depths says, and the norm is
// the instance norm whatever normalisation says.
class UNetBodyImpl : public torch::nn::Module {
 protected:
  // drops: what acts on the deepest feature and on each decoder level, coarse to fine; an empty sequence is nothing.
  UNetBodyImpl(const VNetOptions& options, const std::vector<torch::nn::Sequential>& drops);
  // Features of the decoder levels, fine to coarse, of x padded to multiples of the options' side_multiple().
  std::vector<torch::Tensor> levels(const torch::Tensor& x);
  // Only the finest one.
  torch::Tensor finest(const torch::Tensor& x);

 private:
  torch::Tensor decode(const torch::Tensor& x, std::vector<torch::Tensor>* levels);

  int64_t side_multiple_;
  std::vector<torch::nn::Sequential> drops_, down_, up_;
};

// One head on the finest level; Dropout(0.3) on the deepest and on the finest feature.
class UNet3dImpl : public UNetBodyImpl {
 public:
  explicit UNet3dImpl(const VNetOptions& options);
  torch::Tensor forward(const torch::Tensor& x);  // [N, C, X, Y, Z], any side -> logits [N, K, X, Y, Z]

 private:
  torch::nn::Conv3d head_{nullptr};
};
TORCH_MODULE(UNet3d);

// A head on every decoder level; Dropout3d of 0.5, 0.3, 0.2, 0.1 on the levels, coarse to fine.
class PyramidUNetImpl : public UNetBodyImpl {
 public:
  explicit PyramidUNetImpl(const VNetOptions& options);
  std::vector<torch::Tensor> forward(const torch::Tensor& x);  // logits fine to coarse, each [N, K, X, Y, Z]
  torch::Tensor forward_finest(const torch::Tensor& x);        // what inference needs

 private:
  DeepSupervision heads_;
};
TORCH_MODULE(PyramidUNet);

// The same heads on a V-Net, the backbone that Text-SemiSeg's tables say they use for URPC (unpublished; docs/methods.md#urpc).
class PyramidVNetImpl : public torch::nn::Module {
 public:
  explicit PyramidVNetImpl(const VNetOptions& options);
  std::vector<torch::Tensor> forward(const torch::Tensor& x);
  torch::Tensor forward_finest(const torch::Tensor& x);

 private:
  int64_t side_multiple_;
  VNetEncoder encoder_{nullptr};
  VNetDecoder decoder_{nullptr};
  DeepSupervision heads_;
};
TORCH_MODULE(PyramidVNet);

}  // namespace tss
