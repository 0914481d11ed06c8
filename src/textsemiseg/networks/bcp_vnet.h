// V-Net of BCP on the left atrium with everything its checkpoints hold (Bai et al., CVPR 2023; docs/methods.md#bcp).
//
// The network that trains is VNet with one decoder. The release also holds heads of an earlier contrastive method and returns a
// max-pooled deepest feature; none of them takes part in training or prediction. They exist here so that its checkpoints can be
// read and written whole. Pancreas checkpoints belong to VNet with normalisation = "instance" and dropout = false.
#pragma once

#include "textsemiseg/networks/vnet.h"

namespace tss {

class BcpVNetImpl : public VNetImpl {
 public:
  explicit BcpVNetImpl(const VNetOptions& options);
  struct Output {
    torch::Tensor logits;          // [N, K, X, Y, Z]
    torch::Tensor pooled_deepest;  // [N, widths.back(), ...]: 3^3 maxima with stride 2, without padding
  };
  // Sides, padded to multiples of side_multiple(), must give a deepest feature of at least 3 voxels per axis (InputError).
  Output forward_released(const torch::Tensor& x);
};
TORCH_MODULE(BcpVNet);

}  // namespace tss
