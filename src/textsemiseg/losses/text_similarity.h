// Losses of VCLIPSeg beside the Dice (Li et al., MICCAI 2024; docs/methods.md#vclip_seg).
#pragma once

#include <torch/torch.h>

#include <vector>

namespace tss {

// Dynamic labels: decoder i weighs softmax_i(1 - sigmoid(d_i)), d_i its Dice loss on the labelled samples. No gradient.
struct DynamicLabels {
  torch::Tensor weights;  // [decoders], sum 1
  torch::Tensor label;    // [N, X, Y, Z] = argmax over classes of sum_i weights_i p_i
};
DynamicLabels dynamic_labels(const std::vector<torch::Tensor>& probabilities, const std::vector<torch::Tensor>& dice_losses);

struct TextSimilarity {
  torch::Tensor loss;      // 1 - (sum over classes of cos(v_c, t_c)) / K
  torch::Tensor agreeing;  // [K] positions where the label and every decoder say class c
};
// v_c = mean of all decoders' projected vectors at the positions of class c on which the label and every decoder agree. A class
// without such a position adds nothing to the sum (where the released program reports NaN, its gradients are those of this loss).
// projected: per decoder [N, P, d]; predicted: per decoder [N, P] classes; label [N, P]; text [K, d].
TextSimilarity text_similarity(const std::vector<torch::Tensor>& projected, const std::vector<torch::Tensor>& predicted,
                               const torch::Tensor& label, const torch::Tensor& text);

}  // namespace tss
