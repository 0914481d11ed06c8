#include "textsemiseg/losses/deep_supervision.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/marginal.h"

namespace tss {

torch::Tensor deep_segmentation_loss(const std::vector<torch::Tensor>& levels, const torch::Tensor& label,
                                     const torch::Tensor& mask) {
  return 0.5 * deeply_supervised(levels, [&](const torch::Tensor& logits, int64_t step) {
           const torch::Tensor coarse = every_nth_voxel(label, step);
           return mask.defined() ? masked_cross_entropy_and_dice(logits, coarse, every_nth_voxel(mask, step))
                                 : cross_entropy_and_dice(logits, coarse);
         });
}

torch::Tensor deep_segmentation_loss(const std::vector<torch::Tensor>& levels, const torch::Tensor& label,
                                     const std::vector<ClassGroups>& groups) {
  return 0.5 * deeply_supervised(levels, [&](const torch::Tensor& logits, int64_t step) {
           return marginal_cross_entropy_and_dice(logits, every_nth_voxel(label, step), groups);
         });
}

}  // namespace tss
