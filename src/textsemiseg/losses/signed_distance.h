// Normalised signed distance maps, the second task of DTC (Luo et al., AAAI 2021; docs/methods.md#dtc).
#pragma once

#include <torch/torch.h>

namespace tss {

// label [N, X, Y, Z] classes -> [N, K - 1, X, Y, Z] float32 on the label's device, one map per foreground class (its voxels against
// all others). Exact, computed on the CPU.
//   d_out = distance of outside voxels to the structure, d_in = distance of its voxels to the outside, both in voxels
//   map = d_out / max(d_out) - d_in / max(d_in), 0 on the structure's voxels that have one of their 6 neighbours outside
// The border of the crop is no boundary. A crop without the structure gets 0 everywhere, as released; one that the structure fills
// (where the released program divides by zero) gets -1 everywhere: all of it lies inside.
torch::Tensor signed_distance_maps(const torch::Tensor& label, int64_t classes);

// What the distance head says as a mask: sigmoid(-steepness r), near 1 where r < 0.
torch::Tensor mask_of_distance(const torch::Tensor& distance, double steepness = 1500);

}  // namespace tss
