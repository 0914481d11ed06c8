#include "textsemiseg/losses/pseudo_labels.h"

#include "textsemiseg/metrics/components.h"

namespace tss {

torch::Tensor largest_component(const torch::Tensor& mask, int connectivity) {
  // A fresh contiguous copy on the CPU: it is edited in place.
  torch::Tensor bytes = mask.detach().to(torch::kCPU, torch::kUInt8, false, true).contiguous();
  const Size3 size{bytes.size(1), bytes.size(2), bytes.size(3)};
  for (int64_t n = 0; n < bytes.size(0); ++n) keep_largest_component(bytes[n].data_ptr<uint8_t>(), size, connectivity);
  return bytes.to(mask.options());
}

}  // namespace tss
