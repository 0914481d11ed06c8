// V-Net with two heads: signed distance and segmentation (dual-task consistency, DTC; Luo et al., AAAI 2021; docs/methods.md#dtc).
//
// Both heads read the decoder's full-resolution feature and hold one channel per foreground class: one each in the binary networks
// that were published, K - 1 for K classes. distance = tanh(head 1), in [-1, 1] and negative inside; the probability of foreground
// class k is sigmoid(logits[:, k - 1]).
#pragma once

#include "textsemiseg/networks/vnet.h"

namespace tss {

struct TwoTaskOutput {
  torch::Tensor distance;  // [N, K - 1, X, Y, Z]
  torch::Tensor logits;    // [N, K - 1, X, Y, Z]
};

// The two heads; they are registered with the network that owns them, under the published names.
class TwoTaskHeads {
 public:
  TwoTaskHeads(torch::nn::Module& owner, int64_t width, int64_t classes);  // InputError below two classes
  TwoTaskOutput forward(const torch::Tensor& feature);                     // [N, width, X, Y, Z]
  torch::Tensor segmentation(const torch::Tensor& feature);                // only the logits: what inference needs

 private:
  torch::nn::Conv3d distance_{nullptr}, segmentation_{nullptr};
};

class TwoTaskVNetImpl : public torch::nn::Module {
 public:
  explicit TwoTaskVNetImpl(const VNetOptions& options);
  TwoTaskOutput forward(const torch::Tensor& x);       // any side
  torch::Tensor segmentation(const torch::Tensor& x);  // logits [N, K - 1, X, Y, Z]
  // The same from the encoder's features of (padded) x; a text block may have replaced the deepest one.
  TwoTaskOutput decode(const Skips& skips, const torch::Tensor& x);
  torch::Tensor decode_segmentation(const Skips& skips, const torch::Tensor& x);

  VNetEncoder encoder{nullptr};

 private:
  Skips encode(const torch::Tensor& x);

  int64_t side_multiple_;
  VNetDecoder decoder_{nullptr};
  TwoTaskHeads heads_;
};
TORCH_MODULE(TwoTaskVNet);

}  // namespace tss
