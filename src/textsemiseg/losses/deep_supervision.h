// One loss at several resolutions (docs/methods.md#deep-supervision).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "textsemiseg/losses/sum.h"
#include "textsemiseg/volume/class_groups.h"

namespace tss {

// Every step-th voxel of the last three axes: a label map at the resolution of level log2(step), nearest voxel.
inline torch::Tensor every_nth_voxel(const torch::Tensor& x, int64_t step) {
  return x.slice(-3, 0, {}, step).slice(-2, 0, {}, step).slice(-1, 0, {}, step);
}

// sum_i w_i loss(levels[i], 2^i), w_i = 2^-i / sum_j 2^-j (nnU-Net). levels: logits fine to coarse.
// loss(logits, step): the loss against targets of which every step-th voxel counts.
template <class Loss>
torch::Tensor deeply_supervised(const std::vector<torch::Tensor>& levels, const Loss& loss) {
  double weights = 0;
  for (size_t i = 0; i < levels.size(); ++i) weights += 1.0 / static_cast<double>(int64_t{1} << i);
  torch::Tensor sum;
  for (size_t i = 0; i < levels.size(); ++i) {
    const int64_t step = int64_t{1} << i;
    add_to(sum, (1.0 / (static_cast<double>(step) * weights)) * loss(levels[i], step));
  }
  return sum;
}

// deeply_supervised of 0.5 (cross-entropy + Dice), over the voxels where mask [N, X, Y, Z] is 1 (undefined: all). label [N, X, Y, Z].
torch::Tensor deep_segmentation_loss(const std::vector<torch::Tensor>& levels, const torch::Tensor& label,
                                     const torch::Tensor& mask = {});
// The same of labels that may not tell all classes apart; groups: one per sample, or none (losses/marginal.h).
torch::Tensor deep_segmentation_loss(const std::vector<torch::Tensor>& levels, const torch::Tensor& label,
                                     const std::vector<ClassGroups>& groups);

}  // namespace tss
