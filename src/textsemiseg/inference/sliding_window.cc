#include "textsemiseg/inference/sliding_window.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

using Triple = std::array<int64_t, 3>;

// Sums of weighted probabilities for the planes that windows still reach; plane x lives at x modulo the number of planes held.
class PlaneRing {
 public:
  PlaneRing(int64_t planes, int64_t y, int64_t z) : planes_(planes), y_(y), z_(z) {}

  // probabilities [K, PX, PY, PZ], weights [PX, PY, PZ]
  void add(const torch::Tensor& probabilities, const torch::Tensor& weights, const Triple& start) {
    if (!sums_.defined()) {
      sums_ = torch::zeros({probabilities.size(0), planes_, y_, z_}, probabilities.options());
      norm_ = torch::zeros({planes_, y_, z_}, probabilities.options());
    }
    const Triple patch{weights.size(0), weights.size(1), weights.size(2)};
    for_segments(start[0], patch[0], [&](int64_t slot, int64_t from, int64_t count) {
      const torch::Tensor w = weights.narrow(0, from, count);
      const auto place = [&](const torch::Tensor& t, int64_t axis) {
        return t.narrow(axis, slot, count).narrow(axis + 1, start[1], patch[1]).narrow(axis + 2, start[2], patch[2]);
      };
      place(sums_, 1).addcmul_(probabilities.narrow(1, from, count), w);
      place(norm_, 0).add_(w);
    });
  }

  // Hands out the planes begin .. end - 1 and clears them for reuse.
  void finish(int64_t begin, int64_t end, const SlabFunction& slab) {
    for_segments(begin, end - begin, [&](int64_t slot, int64_t from, int64_t count) {
      torch::Tensor sums = sums_.narrow(1, slot, count);
      torch::Tensor norm = norm_.narrow(0, slot, count);
      sums.div_(norm);
      slab(begin + from, sums);
      sums.zero_();
      norm.zero_();
    });
  }

 private:
  // Splits planes begin .. begin + count - 1 where the ring wraps: f(slot, offset from begin, planes).
  template <class F>
  void for_segments(int64_t begin, int64_t count, F f) const {
    for (int64_t done = 0; done < count;) {
      const int64_t slot = (begin + done) % planes_;
      const int64_t here = std::min(count - done, planes_ - slot);
      f(slot, done, here);
      done += here;
    }
  }

  int64_t planes_, y_, z_;
  torch::Tensor sums_, norm_;
};

std::vector<Triple> all_starts(const Triple& size, const Triple& patch, const Triple& stride) {
  std::array<std::vector<int64_t>, 3> axis;
  for (size_t a = 0; a < 3; ++a) axis[a] = window_starts(size[a], patch[a], stride[a]);
  std::vector<Triple> out;
  for (const int64_t x : axis[0])
    for (const int64_t y : axis[1])
      for (const int64_t z : axis[2]) out.push_back({x, y, z});
  return out;
}

}  // namespace

void WindowOptions::check() const {
  if (patch.size() != 3 || std::any_of(patch.begin(), patch.end(), [](int64_t p) { return p < 1; })) {
    throw InputError("window.patch", "found [" + join(patch, ", ") + "]", "three sides of at least 1 voxel");
  }
  if (!(overlap >= 0 && overlap < 1)) throw InputError("window.overlap", concat("found ", overlap), "0 <= overlap < 1");
  if (!stride.empty()) {
    bool fits = stride.size() == 3;
    for (size_t a = 0; fits && a < 3; ++a) fits = stride[a] >= 1 && stride[a] <= patch[a];
    if (!fits) {
      throw InputError("window.stride", "found [" + join(stride, ", ") + "]",
                       "three steps from 1 to the patch [" + join(patch, ", ") + "]");
    }
  }
  if (weights != "gaussian" && weights != "constant") {
    throw InputError("window.weights", "found '" + weights + "'", "gaussian or constant");
  }
  if (batch < 1) throw InputError("window.batch", concat("found ", batch), "at least 1");
}

std::array<int64_t, 3> WindowOptions::resolved_stride() const {
  Triple out;
  for (size_t a = 0; a < 3; ++a) {
    out[a] = stride.empty() ? std::max<int64_t>(1, std::llround(static_cast<double>(patch[a]) * (1 - overlap))) : stride[a];
  }
  return out;
}

std::vector<int64_t> window_starts(int64_t size, int64_t patch, int64_t stride) {
  std::vector<int64_t> starts;
  const int64_t last = size - patch;
  for (int64_t start = 0; start < last; start += stride) starts.push_back(start);
  starts.push_back(last);
  return starts;
}

AxisPadding window_padding(int64_t size, int64_t patch) {
  const int64_t missing = std::max<int64_t>(patch - size, 0);
  return {missing / 2, missing - missing / 2};
}

torch::Tensor window_weights(const WindowOptions& options, torch::Dtype dtype) {
  if (options.weights == "constant") return torch::ones(options.patch, dtype);
  torch::Tensor weights = torch::ones({1, 1, 1}, torch::kFloat64);
  for (size_t a = 0; a < 3; ++a) {
    const double side = static_cast<double>(options.patch[a]);
    std::vector<int64_t> shape(3, 1);
    shape[a] = options.patch[a];
    const torch::Tensor offset = (torch::arange(options.patch[a], torch::kFloat64) - (side - 1) / 2) / (side / 8);
    weights = weights * torch::exp(-0.5 * offset * offset).reshape(shape);
  }
  return weights.clamp_min(1e-3).to(dtype).contiguous();
}

struct WindowStream::State {
  State(WindowFunction f, torch::Device d, size_t windows_per_call)
      : batch(windows_per_call), function(std::move(f)), device(d) {}

  torch::Tensor padded;
  Triple original, patch, size;
  std::array<AxisPadding, 3> pad;
  std::vector<Triple> starts;
  size_t batch, next = 0;
  WindowFunction function;
  torch::Device device;
  torch::Tensor weights, windows;
  std::unique_ptr<PlaneRing> ring;
};

WindowStream::~WindowStream() = default;
WindowStream::WindowStream(WindowStream&&) noexcept = default;
int64_t WindowStream::windows() const { return static_cast<int64_t>(state_->starts.size()); }
int64_t WindowStream::windows_done() const { return static_cast<int64_t>(state_->next); }

WindowStream::WindowStream(const torch::Tensor& image, const WindowOptions& options, WindowFunction function,
                           torch::Device device) {
  options.check();
  TORCH_CHECK(image.dim() == 4 && image.is_floating_point(), "sliding_window: image must be a floating [C, X, Y, Z]");
  state_ = std::make_unique<State>(std::move(function), device, static_cast<size_t>(options.batch));
  State& s = *state_;
  s.original = {image.size(1), image.size(2), image.size(3)};
  for (size_t a = 0; a < 3; ++a) {
    s.patch[a] = options.patch[a];
    s.pad[a] = window_padding(s.original[a], s.patch[a]);
    s.size[a] = s.original[a] + s.pad[a].low + s.pad[a].high;
  }
  s.padded = s.size == s.original ? image
                                  : torch::constant_pad_nd(image, {s.pad[2].low, s.pad[2].high, s.pad[1].low, s.pad[1].high,
                                                                   s.pad[0].low, s.pad[0].high});

  s.starts = all_starts(s.size, s.patch, options.resolved_stride());
  int64_t planes = 0;
  for (size_t i = 0; i < s.starts.size(); i += s.batch) {
    planes = std::max(planes, s.starts[std::min(i + s.batch, s.starts.size()) - 1][0] - s.starts[i][0] + s.patch[0]);
  }
  s.ring = std::make_unique<PlaneRing>(planes, s.size[1], s.size[2]);
  s.weights = window_weights(options, image.scalar_type()).to(device);
}

bool WindowStream::advance(const SlabFunction& slab) {
  State& s = *state_;
  const size_t i = s.next;
  if (i >= s.starts.size()) return false;
  torch::NoGradGuard no_grad;
  const int64_t count = static_cast<int64_t>(std::min(s.batch, s.starts.size() - i));
  if (!s.windows.defined() || s.windows.size(0) != count) {
    s.windows = torch::empty({count, s.padded.size(0), s.patch[0], s.patch[1], s.patch[2]}, s.padded.options().device(s.device));
  }
  const auto start = [&](int64_t n) -> const Triple& { return s.starts[i + static_cast<size_t>(n)]; };
  for (int64_t n = 0; n < count; ++n) {
    const Triple& at = start(n);
    s.windows[n].copy_(s.padded.narrow(1, at[0], s.patch[0]).narrow(2, at[1], s.patch[1]).narrow(3, at[2], s.patch[2]));
  }
  const torch::Tensor probabilities = s.function(s.windows).to(s.padded.scalar_type());
  // A sum is NaN or infinite where any of its terms is; argmax would call such voxels background without a word.
  if (!std::isfinite(probabilities.sum().item<double>()))
    throw Error(
        concat("the network gives NaN or infinite values in the window at (", join(start(0), ", "),
               "): its weights or the intensities of the scan are damaged, or bf16 does not hold them (--precision fp32)"));
  for (int64_t n = 0; n < count; ++n) s.ring->add(probabilities[n], s.weights, start(n));
  s.next = i + static_cast<size_t>(count);

  // Planes that no later window reaches; padding is cut off before the caller sees them.
  const int64_t end = s.next < s.starts.size() ? s.starts[s.next][0] : s.size[0];
  if (end > start(0)[0]) {
    s.ring->finish(start(0)[0], end, [&](int64_t x_begin, const torch::Tensor& p) {
      const int64_t low = std::max(x_begin, s.pad[0].low);
      const int64_t high = std::min(x_begin + p.size(1), s.pad[0].low + s.original[0]);
      if (low >= high) return;
      slab(low - s.pad[0].low,
           p.narrow(1, low - x_begin, high - low).narrow(2, s.pad[1].low, s.original[1]).narrow(3, s.pad[2].low, s.original[2]));
    });
  }
  return true;
}

int64_t sliding_window_slabs(const torch::Tensor& image, const WindowOptions& options, const WindowFunction& function,
                             torch::Device device, const SlabFunction& slab) {
  WindowStream stream(image, options, function, device);
  while (stream.advance(slab)) {
  }
  return stream.windows();
}

torch::Tensor sliding_window(const torch::Tensor& image, const WindowOptions& options, const WindowFunction& function,
                             torch::Device device) {
  torch::NoGradGuard no_grad;
  torch::Tensor out;
  sliding_window_slabs(image, options, function, device, [&](int64_t x, const torch::Tensor& p) {
    if (!out.defined())
      out = torch::empty({p.size(0), image.size(1), image.size(2), image.size(3)}, p.options().device(torch::kCPU));
    out.narrow(1, x, p.size(1)).copy_(p);
  });
  return out;
}

}  // namespace tss
