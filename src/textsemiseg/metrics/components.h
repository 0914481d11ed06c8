// Connected components of a binary mask, and of every class of a label map in one scan.
//
// Arrays are size[0] * size[1] * size[2] bytes, z contiguous. connectivity: 6 (shared faces), 18 (faces and edges) or 26 (faces,
// edges and corners); anything else throws InputError. Memory grows with the number of runs along z, not of voxels.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/volume/geometry.h"

namespace tss {

struct Components {
  std::vector<int32_t> labels;  // 0 outside, 1.. in row-major order of first voxel
  std::vector<int64_t> voxels;  // voxels[i] of component i + 1
};
// Every non-zero byte belongs to the mask.
Components label_components(const uint8_t* mask, const Size3& size, int connectivity);

// Sets everything but the largest component to 0 (earliest in row-major order on ties); an empty mask stays empty.
void keep_largest_component(uint8_t* mask, const Size3& size, int connectivity);

// The same for each class of a label map on its own: voxels are connected only within their class; removed voxels become 0.
void keep_largest_component_per_class(uint8_t* labels, const Size3& size, int connectivity);

// Sets the components (of one class) with fewer than min_voxels voxels to 0.
void remove_small_components(uint8_t* labels, const Size3& size, int connectivity, int64_t min_voxels);

}  // namespace tss
