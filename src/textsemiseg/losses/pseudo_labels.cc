#include "textsemiseg/losses/pseudo_labels.h"

#include "textsemiseg/metrics/components.h"

namespace tss {

namespace {

// Runs keep(labels, size, connectivity) on every sample of a fresh contiguous copy on the CPU.
template <class Keep>
torch::Tensor each_sample(const torch::Tensor& label, int connectivity, Keep keep) {
  torch::Tensor bytes = label.detach().to(torch::kCPU, torch::kUInt8, false, true).contiguous();
  const Size3 size{bytes.size(1), bytes.size(2), bytes.size(3)};
  for (int64_t n = 0; n < bytes.size(0); ++n) keep(bytes[n].data_ptr<uint8_t>(), size, connectivity);
  return bytes.to(label.options());
}

}  // namespace

torch::Tensor largest_component(const torch::Tensor& mask, int connectivity) {
  return each_sample(mask, connectivity, keep_largest_component);
}

torch::Tensor largest_component_per_class(const torch::Tensor& label, int connectivity) {
  return each_sample(label, connectivity, keep_largest_component_per_class);
}

}  // namespace tss
