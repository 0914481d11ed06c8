// Probabilities of a whole volume from overlapping windows.
#pragma once

#include <torch/torch.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tss {

struct WindowOptions {
  std::vector<int64_t> patch = {96, 96, 96};
  std::vector<int64_t> stride;
  double overlap = 0.5;
  std::string weights = "gaussian";
  int64_t batch = 4;

  template <class V>
  void visit(V& v) {
    v("patch", patch, "sides of a window, voxels; sampler.patch where it is not given");
    v("stride", stride, "steps between windows, voxels; empty: by overlap");
    v("overlap", overlap, "share that neighbouring windows have in common, from 0, below 1");
    v("weights", weights, "gaussian or constant (the published programs): of the voxels of a window");
    v("batch", batch, "windows per call of the network, at least 1");
  }
  void check() const;  // throws InputError naming the field
  // The stride in use, >= 1 on each axis.
  std::array<int64_t, 3> resolved_stride() const;
};

// windows [N, C, X, Y, Z] -> probabilities [N, K, X, Y, Z]
using WindowFunction = std::function<torch::Tensor(const torch::Tensor&)>;

// Starts along one axis, ascending: min(i * stride, size - patch) for i = 0 .. ceil((size - patch) / stride); size >= patch.
std::vector<int64_t> window_starts(int64_t size, int64_t patch, int64_t stride);

// Zeros added below and above an axis shorter than the patch: floor half below.
struct AxisPadding {
  int64_t low = 0, high = 0;
};
AxisPadding window_padding(int64_t size, int64_t patch);

// Weights of the voxels of a window, [X, Y, Z]. gaussian: product over the axes of exp(-(i - (P - 1) / 2)^2 / (2 sigma^2)) with
// sigma = P / 8, at least 1e-3, as nnU-Net and MONAI have them; constant: ones.
torch::Tensor window_weights(const WindowOptions& options, torch::Dtype dtype = torch::kFloat32);

// A finished part of the result: probabilities [K, n, Y, Z] of the planes x_begin .. x_begin + n - 1, on the compute device and
// only valid during the call.
using SlabFunction = std::function<void(int64_t x_begin, const torch::Tensor& probabilities)>;

// image [C, X, Y, Z] -> probabilities [K, X, Y, Z] in the image's floating type on the CPU. A side below the patch is zero-padded
// symmetrically. Gradients are off inside.
torch::Tensor sliding_window(const torch::Tensor& image, const WindowOptions& options, const WindowFunction& function,
                             torch::Device device = torch::kCPU);

// The same, handing the planes out in ascending x as soon as no window can reach them again: memory for the planes of about one
// patch, not for the whole volume. Returns the number of windows.
int64_t sliding_window_slabs(const torch::Tensor& image, const WindowOptions& options, const WindowFunction& function,
                             torch::Device device, const SlabFunction& slab);

// The same one call of the network at a time, so that several networks can go through a scan side by side.
class WindowStream {
 public:
  WindowStream(const torch::Tensor& image, const WindowOptions& options, WindowFunction function, torch::Device device);
  ~WindowStream();
  WindowStream(WindowStream&&) noexcept;

  // The next batch of windows; hands out the planes that are finished by it. False when there was none left.
  bool advance(const SlabFunction& slab);
  int64_t windows() const;       // in all
  int64_t windows_done() const;  // those behind it

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tss
