#include "textsemiseg/inference/cut_planes.h"

namespace tss {

CutPlanes::CutPlanes(const CaseArrays& prepared, const Geometry& target) : last_(target.size), size_(target.size) {
  if (!prepared.cropped) return;
  const Geometry& grid = *prepared.cropped;
  constexpr double kRounding = 1e-4;  // of coordinates, voxels
  for (size_t a = 0; a < 3; ++a) {
    const auto index = [&](int64_t i) {
      Vector3 at{};
      at[a] = static_cast<double>(i);
      return grid.index(target.world(at))[a];
    };
    const double end = static_cast<double>(grid.size[a]) - 0.5;
    while (prepared.cut_low[a] && first_[a] < last_[a] && index(first_[a]) < -0.5 - kRounding) ++first_[a];
    while (prepared.cut_high[a] && last_[a] > first_[a] && index(last_[a] - 1) > end + kRounding) --last_[a];
  }
}

torch::Tensor CutPlanes::apply(int64_t x, const torch::Tensor& plane) const {
  const bool whole = first_[1] == 0 && first_[2] == 0 && last_[1] == size_[1] && last_[2] == size_[2];
  const bool seen = x >= first_[0] && x < last_[0];
  if (whole && seen) return plane;
  torch::Tensor out = torch::zeros_like(plane);
  out[0].fill_(1);
  if (!seen) return out;
  const auto part = [&](const torch::Tensor& t) {
    return t.narrow(1, first_[1], last_[1] - first_[1]).narrow(2, first_[2], last_[2] - first_[2]);
  };
  part(out).copy_(part(plane));
  return out;
}

}  // namespace tss
