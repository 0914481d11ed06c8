// Probabilities of a whole volume from overlapping windows.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace tss {

struct WindowOptions {
  std::vector<int64_t> patch = {96, 96, 96};
  std::vector<int64_t> stride;         // voxels; empty: patch * (1 - overlap)
  double overlap = 0.5;
  std::string weights = "gaussian";    // gaussian | constant (the published programs)
  int64_t batch = 4;                   // windows per call

  template <class V>
  void visit(V& v) {
    v("patch", patch);
    v("stride", stride);
    v("overlap", overlap);
    v("weights", weights);
    v("batch", batch);
  }
  void check() const;
};

// windows [N, C, X, Y, Z] -> probabilities [N, K, X, Y, Z]
using WindowFunction = std::function<torch::Tensor(const torch::Tensor&)>;

// image [C, X, Y, Z] -> probabilities [K, X, Y, Z], float32 on the CPU. A side below the patch is zero-padded symmetrically
// (floor half on the low side). Window starts: methods.md section 3.
torch::Tensor sliding_window(const torch::Tensor& image, const WindowOptions& options, const WindowFunction& function,
                             torch::Device device = torch::kCPU);

}  // namespace tss
