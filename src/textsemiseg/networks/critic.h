// Critic of BS-Net's adversarial term, in 3D (NKUhealong/BSNet; docs/methods.md#bs_net; the 3D form is ours: 2D convolutions become 3D).
#pragma once

#include <torch/torch.h>

#include <vector>

namespace tss {

// Conv(mask) + Conv(image), then four convolutions each followed by LeakyReLU(0.2), all 3^3 with stride 2 and padding 1, global
// max-pooling, linear. Two logits: class 1 = "the mask belongs to a labelled image".
class CriticImpl : public torch::nn::Module {
 public:
  // mask_channels: foreground classes, K - 1.
  explicit CriticImpl(int64_t image_channels, int64_t mask_channels = 1);
  // mask [N, K - 1, X, Y, Z] probabilities, image [N, C, X, Y, Z], any side -> [N, 2]. In single precision, also under autocast.
  torch::Tensor forward(const torch::Tensor& mask, const torch::Tensor& image);

 private:
  torch::nn::Conv3d mask_{nullptr}, image_{nullptr};
  std::vector<torch::nn::Conv3d> convolutions_;
  torch::nn::Linear classifier_{nullptr};
};
TORCH_MODULE(Critic);

}  // namespace tss
