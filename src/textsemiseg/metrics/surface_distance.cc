#include "textsemiseg/metrics/surface_distance.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/percentile.h"

namespace tss {
namespace {

constexpr double kEmptyLine = std::numeric_limits<double>::infinity();

SurfaceVoxels surface_of(const uint8_t* labels, const Size3& size, uint8_t label, const VoxelBounds& box) {
  const int64_t nx = box.high[0] - box.low[0], ny = box.high[1] - box.low[1], nz = box.high[2] - box.low[2];
  // The mask with one layer of outside around it, so that borders need no case of their own.
  const int64_t row = nz + 2, plane = (ny + 2) * row;
  std::vector<uint8_t> mask(static_cast<size_t>((nx + 2) * plane), 0);
  for (int64_t x = 0; x < nx; ++x) {
    for (int64_t y = 0; y < ny; ++y) {
      const uint8_t* in = labels + ((x + box.low[0]) * size[1] + y + box.low[1]) * size[2] + box.low[2];
      uint8_t* out = mask.data() + (x + 1) * plane + (y + 1) * row + 1;
      for (int64_t z = 0; z < nz; ++z) out[z] = in[z] == label;
    }
  }
  SurfaceVoxels surface;
  surface.line_begin.reserve(static_cast<size_t>(nx * ny) + 1);
  std::vector<uint8_t> border(static_cast<size_t>(nz));
  for (int64_t x = 0; x < nx; ++x) {
    for (int64_t y = 0; y < ny; ++y) {
      surface.line_begin.push_back(static_cast<int32_t>(surface.z.size()));
      const uint8_t* m = mask.data() + (x + 1) * plane + (y + 1) * row + 1;
      uint8_t any = 0;
      for (int64_t z = 0; z < nz; ++z) {
        const uint8_t inside = m[z - 1] & m[z + 1] & m[z - row] & m[z + row] & m[z - plane] & m[z + plane];
        border[static_cast<size_t>(z)] = m[z] & static_cast<uint8_t>(inside ^ 1);
        any |= border[static_cast<size_t>(z)];
      }
      if (!any) continue;
      for (int64_t z = 0; z < nz; ++z) {
        if (border[static_cast<size_t>(z)]) surface.z.push_back(static_cast<int32_t>(z));
      }
    }
  }
  surface.line_begin.push_back(static_cast<int32_t>(surface.z.size()));
  return surface;
}

double squared(double v) { return v * v; }

// Distances from the voxels of one surface to another, worked out for one stretch of z at a time: the first two passes are
// independent for each z, which bounds the memory and keeps it in the cache.
class DirectedSearch {
 public:
  DirectedSearch(const SurfaceVoxels& target, const Size3& size, const Vector3& spacing)
      : target_(target), size_(size), spacing_(spacing) {
    constexpr int64_t kBytes = int64_t{1} << 21;
    depth_ = std::clamp<int64_t>(kBytes / (size[0] * size[1] * int64_t{sizeof(double)}), 8, std::max<int64_t>(size[2], 8));
    along_z_.resize(static_cast<size_t>(size[1] * depth_));
    along_yz_.resize(static_cast<size_t>(size[0] * size[1] * depth_));
  }

  void search(const SurfaceVoxels& from, std::vector<double>& out) {
    out.reserve(from.z.size());
    for (int64_t z = 0; z < size_[2]; z += depth_) search_stretch(from, z, std::min(z + depth_, size_[2]), out);
  }

 private:
  void search_stretch(const SurfaceVoxels& from, int64_t z_begin, int64_t z_end, std::vector<double>& out) {
    for (int64_t x = 0; x < size_[0]; ++x) {
      distance_along_z(x, z_begin, z_end);
      distance_along_yz(x, z_end - z_begin);
    }
    for (int64_t x = 0; x < size_[0]; ++x) {
      for (int64_t y = 0; y < size_[1]; ++y) {
        const size_t line = static_cast<size_t>(x * size_[1] + y);
        const auto end = from.z.begin() + from.line_begin[line + 1];
        auto at = std::lower_bound(from.z.begin() + from.line_begin[line], end, static_cast<int32_t>(z_begin));
        for (; at != end && *at < z_end; ++at) out.push_back(std::sqrt(nearest(x, y, *at - z_begin)));
      }
    }
  }

  // along_z_[y][z]: squared distance to the target's nearest voxel in the line (x, y).
  void distance_along_z(int64_t x, int64_t z_begin, int64_t z_end) {
    for (int64_t y = 0; y < size_[1]; ++y) {
      const size_t line = static_cast<size_t>(x * size_[1] + y);
      const int32_t* at = target_.z.data() + target_.line_begin[line];
      const int32_t* end = target_.z.data() + target_.line_begin[line + 1];
      double* row = along_z_.data() + y * depth_;
      if (at == end) {
        row[0] = kEmptyLine;  // the mark of an empty line
        continue;
      }
      for (int64_t z = z_begin; z < z_end; ++z) {
        while (at + 1 != end && at[1] - z <= z - at[0]) ++at;
        row[z - z_begin] = squared(static_cast<double>(at[0] - z) * spacing_[2]);
      }
    }
  }

  // along_yz_[x][y][z]: squared distance to the target's nearest voxel in the plane x. Rows are taken in by growing distance
  // until none can come nearer.
  void distance_along_yz(int64_t x, int64_t depth) {
    for (int64_t y = 0; y < size_[1]; ++y) {
      double* best = along_yz_.data() + (x * size_[1] + y) * depth_;
      const double* own = along_z_.data() + y * depth_;
      if (own[0] == kEmptyLine) {
        std::fill_n(best, depth, kEmptyLine);
      } else {
        std::copy_n(own, depth, best);
      }
      double worst = *std::max_element(best, best + depth);
      const int64_t reach = std::max(y, size_[1] - 1 - y);
      for (int64_t step = 1; step <= reach; ++step) {
        const double across = squared(static_cast<double>(step) * spacing_[1]);
        if (across >= worst) break;
        bool changed = false;
        if (y >= step) changed |= take_in(along_z_.data() + (y - step) * depth_, across, depth, best);
        if (y + step < size_[1]) changed |= take_in(along_z_.data() + (y + step) * depth_, across, depth, best);
        if (changed) worst = *std::max_element(best, best + depth);
      }
    }
  }

  static bool take_in(const double* row, double across, int64_t depth, double* best) {
    if (row[0] == kEmptyLine) return false;
    for (int64_t z = 0; z < depth; ++z) best[z] = std::min(best[z], row[z] + across);
    return true;
  }

  double nearest(int64_t x, int64_t y, int64_t z) const {
    const int64_t plane = size_[1] * depth_;
    const double* at = along_yz_.data() + y * depth_ + z;
    double best = at[x * plane];
    const int64_t reach = std::max(x, size_[0] - 1 - x);
    for (int64_t step = 1; step <= reach; ++step) {
      const double across = squared(static_cast<double>(step) * spacing_[0]);
      if (across >= best) break;
      if (x >= step) best = std::min(best, at[(x - step) * plane] + across);
      if (x + step < size_[0]) best = std::min(best, at[(x + step) * plane] + across);
    }
    return best;
  }

  const SurfaceVoxels& target_;
  Size3 size_;
  Vector3 spacing_;
  int64_t depth_ = 0;             // voxels of z held at a time
  std::vector<double> along_z_;   // [Y, depth]
  std::vector<double> along_yz_;  // [X, Y, depth]
};

double sum(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0); }

}  // namespace

void SurfaceDistances::scale(double factor) {
  for (double& d : prediction_to_reference) d *= factor;
  for (double& d : reference_to_prediction) d *= factor;
}

double hausdorff(const SurfaceDistances& d) {
  return std::max(*std::max_element(d.prediction_to_reference.begin(), d.prediction_to_reference.end()),
                  *std::max_element(d.reference_to_prediction.begin(), d.reference_to_prediction.end()));
}

double hausdorff_percentile(const SurfaceDistances& d, double percent) {
  std::vector<double> pooled = d.prediction_to_reference;
  pooled.insert(pooled.end(), d.reference_to_prediction.begin(), d.reference_to_prediction.end());
  return percentile(pooled, percent);
}

double average_surface_distance(const SurfaceDistances& d) {
  return sum(d.prediction_to_reference) / static_cast<double>(d.prediction_to_reference.size());
}

double average_symmetric_surface_distance(const SurfaceDistances& d) {
  return (sum(d.prediction_to_reference) + sum(d.reference_to_prediction)) /
         static_cast<double>(d.prediction_to_reference.size() + d.reference_to_prediction.size());
}

SurfacePair::SurfacePair(const uint8_t* prediction, const uint8_t* reference, const Size3& size, uint8_t label,
                         const VoxelBounds& box) {
  if (box.empty()) return;
  for (size_t a = 0; a < 3; ++a) size_[a] = box.high[a] - box.low[a];
  prediction_ = surface_of(prediction, size, label, box);
  reference_ = surface_of(reference, size, label, box);
}

SurfaceDistances SurfacePair::distances(const Vector3& spacing) const {
  if (prediction_.z.empty() || reference_.z.empty()) throw Error("surface distances of an empty mask are undefined");
  SurfaceDistances out;
  DirectedSearch(reference_, size_, spacing).search(prediction_, out.prediction_to_reference);
  DirectedSearch(prediction_, size_, spacing).search(reference_, out.reference_to_prediction);
  return out;
}

}  // namespace tss
