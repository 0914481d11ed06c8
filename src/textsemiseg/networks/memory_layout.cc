#include "textsemiseg/networks/memory_layout.h"

#include <torch/csrc/jit/frontend/tracer.h>

namespace tss {
namespace {

constexpr auto kChannelsLast = torch::MemoryFormat::ChannelsLast3d;
constexpr int64_t kNarrowest = 8, kWidest = 64;  // of the levels with channels last

bool chooses_layout(const torch::Tensor& x) {
  const bool type = x.scalar_type() == torch::kFloat32 || x.scalar_type() == torch::kBFloat16;
  return x.device().is_cpu() && type && !torch::jit::tracer::isTracing();
}

}  // namespace

torch::Tensor in_level_layout(const torch::Tensor& x, int64_t width) {
  if (!chooses_layout(x)) return x;
  if (width < kNarrowest || width > kWidest) return x.contiguous();
  if (x.size(1) > 1) return x.contiguous(kChannelsLast);
  // With one channel both layouts are the same memory; the strides say which one the convolution is to answer in.
  return x.contiguous().view({x.size(0), x.size(2), x.size(3), x.size(4), 1}).permute({0, 4, 1, 2, 3});
}

torch::Tensor in_interpolation_layout(const torch::Tensor& x) { return chooses_layout(x) ? x.contiguous(kChannelsLast) : x; }

torch::Tensor in_layout_of(const torch::Tensor& x, const torch::Tensor& like) {
  return like.is_contiguous() ? x.contiguous() : x.contiguous(kChannelsLast);
}

}  // namespace tss
