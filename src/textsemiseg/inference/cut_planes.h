// What a recipe's crop took away is background: the network never saw it, and its outermost voxels say nothing about it.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>

#include "textsemiseg/recipe/steps.h"

namespace tss {

class CutPlanes {
 public:
  // The axes of the grid that the crop kept and of target run along the same directions. Steps after the crop may pad: what they add over
  // voxels that were cut away is not the scan.
  CutPlanes(const CaseArrays& prepared, const Geometry& target);

  // Plane x of the target grid, [K, Y, Z], with certain background beyond the crop; the plane itself where nothing is beyond.
  torch::Tensor apply(int64_t x, const torch::Tensor& plane) const;

 private:
  std::array<int64_t, 3> first_{}, last_{};  // target voxels first .. last - 1 were seen
  Size3 size_;
};

}  // namespace tss
