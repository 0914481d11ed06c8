// Connected components of a binary mask.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// mask: size[0] * size[1] * size[2] bytes, z contiguous. connectivity: 6, 18 or 26.
struct Components {
  std::vector<int32_t> labels;   // 0 outside, 1.. in row-major order of first voxel
  std::vector<int64_t> voxels;   // voxels[i] of component i + 1
};
Components label_components(const uint8_t* mask, const Size3& size, int connectivity);

// Sets everything but the largest component to 0 (earliest in row-major order on ties); an empty mask stays empty.
void keep_largest_component(uint8_t* mask, const Size3& size, int connectivity);

}  // namespace tss
