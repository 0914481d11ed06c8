// Voxel-wise text fusion ("Repeat" of Table 3): every voxel of the deepest feature weighs the class texts and concatenates the
// result to its channels. Prompt block of VCLIPSeg (MICCAI 2024), docs/methods.md#vclip_seg.
#pragma once

#include <torch/torch.h>

namespace tss {

class VoxelPromptImpl : public torch::nn::Module {
 public:
  VoxelPromptImpl(int64_t channels, int64_t classes, int64_t text_dimension);
  // feature [N, C, X, Y, Z], text [K, d] -> [N, C, X, Y, Z].
  // weights = softmax over classes of MLP(LeakyReLU(BN(Conv(feature)))); out = LeakyReLU(BN(Conv([feature, sum_k weights_k W t_k]))).
  torch::Tensor forward(const torch::Tensor& feature, const torch::Tensor& text);
  // The same with the weights of class_weights(feature), for who needs both.
  torch::Tensor forward(const torch::Tensor& feature, const torch::Tensor& text, const torch::Tensor& weights);
  torch::Tensor class_weights(const torch::Tensor& feature);  // [N, X, Y, Z, K], sums over classes are 1

 private:
  torch::nn::Sequential reduce_{nullptr}, weigh_{nullptr}, merge_{nullptr};
  torch::nn::Linear text_{nullptr};
};
TORCH_MODULE(VoxelPrompt);

}  // namespace tss
