#include "textsemiseg/losses/signed_distance.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "textsemiseg/metrics/distance_transform.h"

namespace tss {
namespace {

// Whether the structure ends at voxel i, whose position is (x, y, z).
bool on_boundary(const uint8_t* inside, const Size3& size, int64_t x, int64_t y, int64_t z, int64_t i) {
  const int64_t plane = size[1] * size[2], row = size[2];
  const auto outside = [&](bool exists, int64_t offset) { return exists && !inside[i + offset]; };
  return outside(x > 0, -plane) || outside(x + 1 < size[0], plane) || outside(y > 0, -row) || outside(y + 1 < size[1], row) ||
         outside(z > 0, -1) || outside(z + 1 < size[2], 1);
}

void fill_map(const int64_t* label, int64_t label_class, const Size3& size, float* out) {
  const auto voxels = static_cast<size_t>(size[0] * size[1] * size[2]);
  std::vector<uint8_t> inside(voxels), outside(voxels);
  int64_t count = 0;
  for (size_t i = 0; i < voxels; ++i) {
    inside[i] = label[i] == label_class;
    outside[i] = !inside[i];
    count += inside[i];
  }
  if (count == 0 || count == static_cast<int64_t>(voxels)) {
    std::fill_n(out, voxels, count == 0 ? 0.0f : -1.0f);
    return;
  }
  const std::vector<double> out_squared = squared_distances(inside.data(), size),
                            in_squared = squared_distances(outside.data(), size);
  const double out_most = std::sqrt(*std::max_element(out_squared.begin(), out_squared.end()));
  const double in_most = std::sqrt(*std::max_element(in_squared.begin(), in_squared.end()));
  int64_t i = 0;
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z, ++i) {
        const auto at = static_cast<size_t>(i);
        const bool boundary = inside[at] && on_boundary(inside.data(), size, x, y, z, i);
        out[i] =
            boundary ? 0.0f : static_cast<float>(std::sqrt(out_squared[at]) / out_most - std::sqrt(in_squared[at]) / in_most);
      }
}

}  // namespace

torch::Tensor signed_distance_maps(const torch::Tensor& label, int64_t classes) {
  const torch::Tensor on_host = label.to(torch::kCPU, torch::kInt64).contiguous();
  const Size3 size{label.size(1), label.size(2), label.size(3)};
  torch::Tensor maps = torch::empty({label.size(0), classes - 1, size[0], size[1], size[2]}, torch::kFloat32);
  const int64_t voxels = size[0] * size[1] * size[2];
  at::parallel_for(0, maps.size(0) * maps.size(1), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      fill_map(on_host.data_ptr<int64_t>() + i / (classes - 1) * voxels, i % (classes - 1) + 1, size,
               maps.data_ptr<float>() + i * voxels);
  });
  return maps.to(label.device());
}

torch::Tensor mask_of_distance(const torch::Tensor& distance, double steepness) { return torch::sigmoid(-steepness * distance); }

}  // namespace tss
