// Soft Dice losses of the published programs (docs/methods.md#losses). Sums run over the whole batch and all voxels at once.
#pragma once

#include <torch/torch.h>

namespace tss {

// One-hot [N, K, ...] in the type of `like`, from classes [N, ...].
torch::Tensor one_hot(const torch::Tensor& label, int64_t classes, const torch::Tensor& like);

// A class that the labels of a whole batch lack. kFormula: what the formula gives, which is about 1 and has no gradient to speak of.
// kComplement: the Dice loss of everything else, 1 - p against a mask of ones, so that voxels given to the class cost something.
enum class AbsentClass { kFormula, kComplement };

// 1 - (2 sum p g + smooth) / (sum p^2 + sum g^2 + smooth), mean over classes first..K-1.
// first = 1, smooth = 1e-5: D1 (UA-MT, DTC, MCF). first = 0, 1e-5: D3 (SSL4MIS). first = 0, 1e-10, p sigmoid: D4 (Text-SemiSeg).
torch::Tensor dice_loss_squared(const torch::Tensor& probabilities, const torch::Tensor& label, int64_t first_class,
                                double smooth, AbsentClass absent = AbsentClass::kFormula);

// 1 - (2 sum p g + 1e-8) / (sum p + sum g + 1e-8), mean over the foreground classes: D2 (MC-Net, MC-Net+, MLRP, VCLIPSeg).
torch::Tensor dice_loss_linear(const torch::Tensor& probabilities, const torch::Tensor& label,
                               AbsentClass absent = AbsentClass::kFormula);

// D5 (BCP): per sample and class, 1 - mean of (2 sum p g m + 1e-5) / (sum (p + g) m + 1e-5); mask [N, X, Y, Z] or undefined (all 1).
torch::Tensor dice_loss_masked(const torch::Tensor& probabilities, const torch::Tensor& label, const torch::Tensor& mask = {});

// L_seg of Text-SemiSeg: cross-entropy + D3 on softmax, all classes. logits [N, K, X, Y, Z], label [N, X, Y, Z].
torch::Tensor cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label);
// The same over the voxels where mask [N, X, Y, Z] is 1 (0 elsewhere); 0 where it is empty. With a mask of ones equal to the above.
torch::Tensor masked_cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label, const torch::Tensor& mask);

}  // namespace tss
