#include "textsemiseg/engine/device.h"

#include <ATen/Version.h>
#include <torch/version.h>

#include <thread>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/memory.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/version.h"

namespace tss {

torch::Device choose_device(const std::string& name) {
  if (name == "cpu") return torch::kCPU;
  if (name == "auto") return torch::cuda::is_available() ? torch::Device(torch::kCUDA, 0) : torch::Device(torch::kCPU);
  if (name == "cuda" || starts_with(name, "cuda:")) {
    const long index = name == "cuda" ? 0 : parse_integer("--device", name.substr(5));
    const auto count = static_cast<long>(torch::cuda::device_count());
    if (!torch::cuda::is_available() || index < 0 || index >= count)
      throw InputError("--device", "found '" + name + "' but " + concat(count) + " GPUs are visible",
                       count > 0 ? concat("cuda:0 to cuda:", count - 1) : "cpu");
    return {torch::kCUDA, static_cast<torch::DeviceIndex>(index)};
  }
  throw InputError("--device", "found '" + name + "'", "auto, cpu or cuda:N");
}

int64_t set_threads(int64_t threads) {
  const int64_t count = threads > 0 ? threads : std::max<int64_t>(1, torch::get_num_threads());
  torch::set_num_threads(static_cast<int>(count));
  return count;
}

Json environment_record(const torch::Device& device) {
  Json out;
  out["textsemiseg"] = kVersion;
  out["torch"] = TORCH_VERSION;
  out["device"] = device.str();
  out["threads"] = torch::get_num_threads();
  out["cpu_capability"] = at::get_cpu_capability();
  out["allocator"] = allocator_settings();
  out["started"] = timestamp();
  return out;
}

}  // namespace tss
