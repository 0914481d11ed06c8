// Heads at every level of a decoder, each brought to full size (URPC; Luo et al., MIA 2022; docs/methods.md#urpc).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace tss {

// Convolutions of 1^3, those of the coarser levels followed by a trilinear up-sampling (align_corners = false) by 2, 4, 8, ...
// They are registered with the network that owns them, under the published names: dsv1 (finest), dsv2.dsv.0, dsv3.dsv.0, ...
class DeepSupervision {
 public:
  DeepSupervision(torch::nn::Module& owner, const std::vector<int64_t>& widths, int64_t classes);  // widths fine to coarse
  // Features fine to coarse, [N, widths[i], X/2^i, Y/2^i, Z/2^i] -> logits fine to coarse, each [N, K, X, Y, Z].
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& features);
  torch::Tensor finest(const torch::Tensor& feature);  // only the first: what inference needs

 private:
  torch::nn::Conv3d finest_{nullptr};
  std::vector<torch::nn::Sequential> coarser_;
};

}  // namespace tss
