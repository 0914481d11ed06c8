#include "textsemiseg/inference/plane_argmax.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

AxisPositions positions_along(double start, double step, int64_t source_size, int64_t target_size) {
  constexpr double kSnap = 1e-4;
  AxisPositions out;
  for (int64_t i = 0; i < target_size; ++i) {
    double at = std::clamp(start + step * static_cast<double>(i), 0.0, static_cast<double>(source_size - 1));
    if (std::abs(at - std::round(at)) < kSnap) at = std::round(at);
    out.low.push_back(static_cast<int64_t>(at));
    out.weight.push_back(static_cast<float>(at - std::floor(at)));
  }
  return out;
}

// plane [K, n] along `axis` -> [K, target] by two gathers.
torch::Tensor interpolate(const torch::Tensor& plane, int64_t axis, const torch::Tensor& low, const torch::Tensor& high,
                          const torch::Tensor& weight) {
  return plane.index_select(axis, low).lerp_(plane.index_select(axis, high), weight);
}

// probabilities: classes * voxels, contiguous, on the CPU.
void argmax(const float* probabilities, int64_t classes, int64_t voxels, uint8_t* labels) {
  at::parallel_for(0, voxels, 1 << 14, [&](int64_t begin, int64_t end) {
    constexpr int64_t kBlock = 512;
    float best[kBlock];
    for (int64_t at = begin; at < end; at += kBlock) {
      const int64_t n = std::min(kBlock, end - at);
      std::copy_n(probabilities + at, n, best);
      std::fill_n(labels + at, n, uint8_t{0});
      for (int64_t k = 1; k < classes; ++k) {
        const float* p = probabilities + k * voxels + at;
        for (int64_t i = 0; i < n; ++i) {
          const bool more = p[i] > best[i];
          best[i] = more ? p[i] : best[i];
          labels[at + i] = more ? static_cast<uint8_t>(k) : labels[at + i];
        }
      }
    }
  });
}

}  // namespace

bool AxisPositions::identity(int64_t source_size) const {
  if (static_cast<int64_t>(low.size()) != source_size) return false;
  for (size_t i = 0; i < low.size(); ++i) {
    if (low[i] != static_cast<int64_t>(i) || weight[i] != 0) return false;
  }
  return true;
}

std::array<AxisPositions, 3> axis_positions(const Geometry& source, const Geometry& target) {
  const Vector3 start = source.index(target.world({0, 0, 0}));
  std::array<AxisPositions, 3> out;
  for (size_t a = 0; a < 3; ++a) {
    Vector3 unit{0, 0, 0};
    unit[a] = 1;
    const Vector3 at = source.index(target.world(unit));
    for (size_t b = 0; b < 3; ++b) {
      const double across = (at[b] - start[b]) * static_cast<double>(target.size[a]);
      if (b != a && std::abs(across) > 0.01) throw Error("the prepared grid does not run along the axes of the scan");
    }
    out[a] = positions_along(start[a], at[a] - start[a], source.size[a], target.size[a]);
  }
  return out;
}

PlaneResampler::PlaneResampler(const Geometry& source, const Geometry& target)
    : axes_(axis_positions(source, target)),
      planes_(target.size[0]),
      identity_y_(axes_[1].identity(source.size[1])),
      identity_z_(axes_[2].identity(source.size[2])),
      needed_(static_cast<size_t>(source.size[0]), false) {
  if (!std::is_sorted(axes_[0].low.begin(), axes_[0].low.end())) throw Error("the prepared grid runs against the scan");
  for (size_t i = 0; i < axes_[0].low.size(); ++i) {
    const size_t low = static_cast<size_t>(axes_[0].low[i]);
    needed_[low] = true;
    if (axes_[0].weight[i] > 0) needed_[low + 1] = true;
  }
  const auto tensors = [&](size_t a, std::vector<int64_t> shape, torch::Tensor& low, torch::Tensor& high, torch::Tensor& weight) {
    low = torch::tensor(axes_[a].low, torch::kInt64);
    high = (low + 1).clamp_max(source.size[a] - 1);
    weight = torch::tensor(axes_[a].weight).reshape(shape);
  };
  tensors(1, {1, -1, 1}, y_low_, y_high_, y_weight_);
  tensors(2, {1, 1, -1}, z_low_, z_high_, z_weight_);
}

torch::Tensor PlaneResampler::on_target_plane(const torch::Tensor& plane) const {
  torch::Tensor out = plane.to(torch::kFloat32);
  if (!identity_y_) out = interpolate(out, 1, y_low_.to(out.device()), y_high_.to(out.device()), y_weight_.to(out.device()));
  if (!identity_z_) out = interpolate(out, 2, z_low_.to(out.device()), z_high_.to(out.device()), z_weight_.to(out.device()));
  return out;
}

void PlaneResampler::take(int64_t x_begin, const torch::Tensor& probabilities, const PlaneFunction& plane) {
  torch::NoGradGuard no_grad;
  const AxisPositions& along = axes_[0];
  for (int64_t x = x_begin; x < x_begin + probabilities.size(1); ++x) {
    if (!needed_[static_cast<size_t>(x)]) continue;
    const torch::Tensor current = on_target_plane(probabilities.select(1, x - x_begin));
    for (; next_ < planes_; ++next_) {
      const int64_t low = along.low[static_cast<size_t>(next_)];
      const float weight = along.weight[static_cast<size_t>(next_)];
      if (low + (weight > 0 ? 1 : 0) > x) break;
      plane(next_, weight > 0 ? torch::lerp(previous_, current, weight) : current);
    }
    previous_ = current;
  }
  // Without interpolation the last plane is a view of the slab, which its owner may reuse.
  if (previous_.defined() && identity_y_ && identity_z_) previous_ = previous_.clone();
}

void PlaneArgmax::take(int64_t x, const torch::Tensor& plane) {
  const Geometry& target = labels_.geometry;
  const int64_t voxels = target.size[1] * target.size[2];
  const torch::Tensor host = plane.to(torch::kCPU).contiguous();
  const int64_t classes = host.size(0);
  argmax(host.data_ptr<float>(), classes, voxels, labels_.voxels.data() + x * voxels);
  next_ = x + 1;
  if (!keep_) return;
  if (probabilities_.empty()) probabilities_.assign(static_cast<size_t>(classes), Image(target));
  for (int64_t k = 0; k < classes; ++k) {
    std::copy_n(host.data_ptr<float>() + k * voxels, voxels, probabilities_[static_cast<size_t>(k)].voxels.data() + x * voxels);
  }
}

LabelMap PlaneArgmax::labels() && {
  if (next_ != labels_.size()[0]) throw Error("slabs of probabilities are missing");
  return std::move(labels_);
}

std::vector<Image> PlaneArgmax::probabilities() && { return std::move(probabilities_); }

}  // namespace tss
