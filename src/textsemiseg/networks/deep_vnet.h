// A V-Net of one decoder that can be supervised at several of its levels (deep supervision; Lee et al., AISTATS 2015), as nnU-Net's
// network is (Isensee et al., Nature Methods 2021; docs/methods.md#deep-supervision).
#pragma once

#include <vector>

#include "textsemiseg/networks/vnet.h"

namespace tss {

class DeepVNetImpl : public VNetImpl {
 public:
  // deep: heads on the coarser decoder levels too, but for the coarsest one.
  DeepVNetImpl(const VNetOptions& options, bool deep);
  // Logits fine to coarse, [N, K, ceil(X / 2^i), ceil(Y / 2^i), ceil(Z / 2^i)] for x [N, C, X, Y, Z]; without deep only i = 0.
  std::vector<torch::Tensor> forward_levels(const torch::Tensor& x);

 private:
  std::vector<torch::nn::Conv3d> coarse_heads_;  // "deep_head1", ... of level 1, ...
};
TORCH_MODULE(DeepVNet);

}  // namespace tss
