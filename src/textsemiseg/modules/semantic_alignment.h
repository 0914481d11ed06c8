// Category-aware semantic alignment (CSA): Eq. 4 of Text-SemiSeg (MICCAI 2025).
#pragma once

#include <torch/torch.h>

#include <string>

namespace tss {

struct AlignmentOptions {
  bool enabled = true;
  std::string pool = "global";  // global: mean over all voxels (avg of Eq. 4) | masked: divided by the map's sum
  bool normalise = false;       // unit class vectors
  bool detach_map = false;      // no gradient through the prediction

  template <class V>
  void visit(V& v) {
    v("enabled", enabled);
    v("pool", pool);
    v("normalise", normalise);
    v("detach_map", detach_map);
  }
  void check() const;
};

// v_k = avg(F * map_k): projected features F [N, d, x, y, z] and class maps [N, K, X, Y, Z] (probabilities) -> [N, K, d].
// Maps are averaged over the block of voxels that a feature voxel stands for, so that the mean equals the one over all voxels with
// the feature repeated. X, Y, Z may fall short of a multiple of x, y, z: what is missing counts as zero.
torch::Tensor class_vectors(const torch::Tensor& features, const torch::Tensor& maps, const AlignmentOptions& options);

// One decoder's share of L_cog: sum over classes and channels of (t_k - v_k)^2, mean over the batch. text [K, d].
torch::Tensor alignment_loss(const torch::Tensor& features, const torch::Tensor& maps, const torch::Tensor& text,
                             const AlignmentOptions& options);

}  // namespace tss
