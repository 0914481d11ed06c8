// Segmentation losses on labels that do not tell all classes apart (volume/class_groups.h). The probability of a group is the sum of those
// of its classes: what the label leaves open is left to the network. Marginal loss of Shi et al., Medical Image Analysis 2021; the leaf-Dice
// of Fidon et al., MICCAI 2021, is the same sum inside a Dice loss (docs/methods.md#labels-that-merge-classes).
#pragma once

#include <torch/torch.h>

#include <vector>

#include "textsemiseg/volume/class_groups.h"

namespace tss {

// Log probabilities of the groups, [N, G, ...] in the order of groups.groups(), from logits [N, K, ...]. groups must not tell all apart.
torch::Tensor marginal_log_probabilities(const torch::Tensor& logits, const ClassGroups& groups);

// Cross-entropy + D3 (losses/dice.h) of the groups of each sample: samples whose labels have the same groups are one batch, and the losses
// of these batches are weighed by their samples. logits [N, K, X, Y, Z]; label [N, X, Y, Z] int64, any class of the voxel's group; groups: one
// per sample, or none where every label tells all classes apart. Equal to cross_entropy_and_dice there; 0 where one group holds all classes.
torch::Tensor marginal_cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label,
                                              const std::vector<ClassGroups>& groups);

}  // namespace tss
