#include "textsemiseg/engine/costs.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {

PredictionCost prediction_cost(Method& method, int64_t channels, const std::vector<int64_t>& window, torch::Device device) {
  std::vector<int64_t> shape{1, channels};
  shape.insert(shape.end(), window.begin(), window.end());
  const torch::Tensor x = torch::randn(shape, torch::TensorOptions().device(device));
  method.eval();
  method.begin_prediction();
  PredictionCost cost;
  // Which parameters a gradient of the output reaches. A sum of squares: the sum of probabilities is constant.
  std::vector<torch::Tensor> parameters;
  std::vector<bool> required;
  for (auto& parameter : method.parameters()) {
    parameters.push_back(parameter);
    required.push_back(parameter.requires_grad());
    parameter.set_requires_grad(true);
  }
  {
    torch::AutoGradMode with_gradients(true);
    const auto gradients =
        torch::autograd::grad({method.predict(x).square().sum()}, parameters, {}, std::nullopt, false, /*allow_unused=*/true);
    for (const auto& gradient : gradients)
      if (gradient.defined()) cost.parameters += gradient.numel();
  }
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].set_requires_grad(required[i]);
  torch::NoGradGuard no_grad;
  for (int i = 0; i < 3; ++i) {
    const Stopwatch watch;
    method.predict(x).sum().item<float>();  // the value waits for the device
    cost.seconds = i == 0 ? watch.seconds() : std::min(cost.seconds, watch.seconds());
  }
  return cost;
}

int64_t trainable_parameters(Method& method) {
  int64_t count = 0;
  for (const auto& group : method.parameter_groups())
    for (const auto& parameter : group.parameters)
      if (parameter.requires_grad()) count += parameter.numel();
  return count;
}

double peak_memory_gib(torch::Device device) {
  if (!device.is_cpu()) {
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return static_cast<double>(stats.reserved_bytes[0].peak) / (1 << 30);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / (1 << 20);
}

void write_costs(const std::filesystem::path& run, const RunConfig& config, Method& method, int64_t channels,
                 std::vector<double> step_seconds, torch::Device device) {
  const PredictionCost prediction = prediction_cost(method, channels, config.inference.patch, device);
  Json out;
  constexpr size_t kEnough = 10;
  if (step_seconds.size() >= kEnough) {
    const auto middle = step_seconds.begin() + static_cast<std::ptrdiff_t>(step_seconds.size() / 2);
    std::nth_element(step_seconds.begin(), middle, step_seconds.end());
    out["seconds_per_step"] = *middle;
  }
  out["peak_memory_gib"] = peak_memory_gib(device);
  out["trainable_parameters"] = trainable_parameters(method);
  out["prediction_parameters"] = prediction.parameters;
  out["seconds_per_window"] = prediction.seconds;
  out["device"] = device.str();
  out["threads"] = at::get_num_threads();
  out["precision"] = config.train.precision;
  write_json(RunFolder{run}.costs(), out);
}

}  // namespace tss
