// Category-aware semantic alignment (CSA): Eq. 4 of Text-SemiSeg (MICCAI 2025).
#pragma once

#include <torch/torch.h>

#include <string>

namespace tss {

struct AlignmentOptions {
  bool enabled = true;
  std::string pool = "global";
  bool normalise = false;
  bool detach_map = false;
  // Of the squared differences. sum: over classes and channels, as Eq. 4 is written. class_sum: sum over classes of the mean over
  // channels. mean: over both, the released scale, which is the default: with 512 channels the sum starts at 30 to 60 against a segmentation loss of 3, and its gradient keeps the network from
  // learning for hundreds of iterations (docs/methods.md#text_semiseg has the measurement).
  std::string reduction = "mean";

  template <class V>
  void visit(V& v) {
    v("enabled", enabled, "true or false: align class vectors with the texts (L_cog, Eq. 4)");
    v("pool", pool, "global (mean over all voxels, avg of Eq. 4) or masked (divided by the map's sum)");
    v("normalise", normalise, "true or false: unit class vectors");
    v("detach_map", detach_map, "true or false: no gradient through the prediction");
    v("reduction", reduction,
      "mean (the released scale), sum (Eq. 4 as written) or class_sum (mean over channels) of the squared differences");
  }
  void check() const;
};

// v_k = avg(F * map_k): projected features F [N, d, x, y, z] and class maps [N, K, X, Y, Z] (probabilities) -> [N, K, d].
// A feature voxel stands for a block of block^3 voxels of the maps (2^(levels - 1) for a V-Net); the maps are averaged over these
// blocks, so that v_k is the mean over all voxels of the feature of their block times the map. X, Y, Z may fall short of x * block,
// y * block, z * block (a padded window): the last blocks then hold fewer voxels. Computed in the maps' own precision under autocast.
torch::Tensor class_vectors(const torch::Tensor& features, const torch::Tensor& maps, int64_t block,
                            const AlignmentOptions& options);

// One decoder's share of L_cog: (t_k - v_k)^2 over classes and channels as options.reduction says, mean over the batch. text [K, d].
torch::Tensor alignment_loss(const torch::Tensor& features, const torch::Tensor& maps, const torch::Tensor& text, int64_t block,
                             const AlignmentOptions& options);

}  // namespace tss
