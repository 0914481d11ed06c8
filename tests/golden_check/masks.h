// Masks made of primitives (tests/golden/README.md section 3), for the metric and component files.
#pragma once

#include <cstdint>
#include <vector>

#include "golden_check/golden.h"
#include "textsemiseg/volume/geometry.h"

namespace golden {

tss::Size3 size_of(const Json& dims);
// 0 / 1 per voxel, z contiguous.
std::vector<uint8_t> mask_of(const tss::Size3& size, const Json& primitives);

}  // namespace golden
