// From probabilities on the prepared grid to classes on the grid of the scan, slab by slab: interpolation and argmax in one
// go, so that no array of classes times scan voxels ever exists.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>
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

// One plane [K, Y, Z] of the target grid, float32 on the compute device.
using PlaneFunction = std::function<void(int64_t x, const torch::Tensor& plane)>;

// Slabs of the source grid in, planes of the target grid out, both in ascending x.
class PlaneResampler {
 public:
  PlaneResampler(const Geometry& source, const Geometry& target);

  // Slabs [K, n, Y, Z] of the source grid in ascending x, without gaps; the tensor may be reused after the call, and a plane that
  // comes out may be a view of it.
  void take(int64_t x_begin, const torch::Tensor& probabilities, const PlaneFunction& plane);
  // The target plane that comes out next.
  int64_t next() const { return next_; }

 private:
  torch::Tensor on_target_plane(const torch::Tensor& plane) const;

  std::array<AxisPositions, 3> axes_;
  int64_t planes_;
  bool identity_y_, identity_z_;
  std::vector<bool> needed_;  // source planes that any target plane uses
  torch::Tensor y_low_, y_high_, y_weight_, z_low_, z_high_, z_weight_;
  torch::Tensor previous_;  // interpolated plane [K, Y, Z] before the current one
  int64_t next_ = 0;
};

// The classes of the planes of a grid.
class PlaneArgmax {
 public:
  // keep_probabilities: also keeps the probabilities (classes times voxels).
  PlaneArgmax(const Geometry& target, bool keep_probabilities) : keep_(keep_probabilities), labels_(target) {}

  // Planes [K, Y, Z] in ascending x.
  void take(int64_t x, const torch::Tensor& plane);

  // After the last plane. Where classes tie the lower one wins, so that a binary foreground needs strictly more than one half.
  LabelMap labels() &&;
  std::vector<Image> probabilities() &&;  // one per class; empty unless kept

 private:
  bool keep_;
  int64_t next_ = 0;
  LabelMap labels_;
  std::vector<Image> probabilities_;
};

}  // namespace tss
