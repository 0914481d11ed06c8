// From probabilities on the prepared grid to classes on the grid of the scan, slab by slab: interpolation and argmax in one
// go, so that no array of classes times scan voxels ever exists.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Where the voxels of a target axis lie between the voxels of a source axis: value = (1 - weight) * low + weight * (low + 1).
// Positions outside are those of the outermost voxel; positions within 1e-4 of a voxel are that voxel, weight 0.
struct AxisPositions {
  std::vector<int64_t> low;
  std::vector<float> weight;
  bool identity(int64_t source_size) const;
};

// The axes of both grids must run along the same directions; throws Error otherwise.
std::array<AxisPositions, 3> axis_positions(const Geometry& source, const Geometry& target);

class SlabArgmax {
 public:
  // keep_probabilities: also keeps the interpolated probabilities (classes times target voxels).
  SlabArgmax(const Geometry& source, const Geometry& target, bool keep_probabilities);

  // Slabs [K, n, Y, Z] of the source grid in ascending x, without gaps; the tensor may be reused after the call.
  void take(int64_t x_begin, const torch::Tensor& probabilities);

  // After the last slab. Where classes tie the lower one wins, so that a binary foreground needs strictly more than one half.
  LabelMap labels() &&;
  std::vector<Image> probabilities() &&;  // one per class; empty unless kept

 private:
  torch::Tensor on_target_plane(const torch::Tensor& plane) const;
  void emit(int64_t x, const torch::Tensor& plane);

  Geometry target_;
  std::array<AxisPositions, 3> axes_;
  bool identity_y_, identity_z_, keep_;
  std::vector<bool> needed_;  // source planes that any target plane uses
  torch::Tensor y_low_, y_high_, y_weight_, z_low_, z_high_, z_weight_;
  torch::Tensor previous_;  // interpolated plane [K, Y, Z] before the current one
  int64_t next_ = 0;        // target plane to emit next
  LabelMap labels_;
  std::vector<Image> probabilities_;
};

}  // namespace tss
