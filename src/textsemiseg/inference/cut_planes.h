// What a recipe's crop took away is background: the network never saw it, and its outermost voxels say nothing about it.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>

#include "textsemiseg/data/steps.h"

namespace tss {

class CutPlanes {
 public:
  // The axes of the prepared grid and of target run along the same directions.
  CutPlanes(const CaseArrays& prepared, const Geometry& grid, const Geometry& target);

  // Plane x of the target grid, [K, Y, Z], with certain background beyond the crop; the plane itself where nothing is beyond.
  torch::Tensor apply(int64_t x, const torch::Tensor& plane) const;

 private:
  std::array<int64_t, 3> first_{}, last_{};  // target voxels first .. last - 1 were seen
  Size3 size_;
};

}  // namespace tss
