#include "textsemiseg/volume/finite.h"

#include <algorithm>
#include <cmath>

namespace tss {

std::optional<Size3> first_non_finite(const Image& image) {
  const auto& voxels = image.voxels;
  const auto found = std::find_if(voxels.begin(), voxels.end(), [](float v) { return !std::isfinite(v); });
  if (found == voxels.end()) return std::nullopt;
  const int64_t at = found - voxels.begin();
  const auto& [nx, ny, nz] = image.size();
  return Size3{at / (ny * nz), at / nz % ny, at % nz};
}

}  // namespace tss
