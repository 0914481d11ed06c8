// Bidirectional copy-paste, BCP (Bai et al., CVPR 2023; docs/methods.md#bcp).
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>

namespace tss {

using Sides3 = std::array<int64_t, 3>;

// Where the box of `sides` begins in a patch: uniform in [0, patch - sides) per axis, 0 where the box fills the axis. Drawn from
// torch's generator.
Sides3 draw_box_corner(const Sides3& patch, const Sides3& sides);

// 1 outside the box ("background"), 0 inside: [X, Y, Z] of the type and device of `like`.
torch::Tensor outside_box(const Sides3& patch, const Sides3& corner, const Sides3& sides, const torch::Tensor& like);

// background * mask + patch * (1 - mask); images [N, C, X, Y, Z] or labels [N, X, Y, Z], mask [X, Y, Z].
torch::Tensor paste(const torch::Tensor& background, const torch::Tensor& patch, const torch::Tensor& mask);

// A label map and the weight of the part of the loss it carries (1 ground truth, 0.5 pseudo label).
struct WeightedLabel {
  torch::Tensor label;  // [N, X, Y, Z]
  double weight = 1;
};

// Loss of mixed images: (w_b D5(z, b; M) + w_c D5(z, c; 1 - M) + w_b CE_M(z, b) + w_c CE_(1-M)(z, c)) / 2, where D5 is
// dice_loss_masked and CE_M = sum(CE M) / (sum(M) + 1e-16). logits [N, K, X, Y, Z].
torch::Tensor copy_paste_loss(const torch::Tensor& logits, const WeightedLabel& background, const WeightedLabel& patch,
                              const torch::Tensor& mask);

}  // namespace tss
