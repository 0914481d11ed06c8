// What a run costs, for the table that compares methods: R/costs.json.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/methods/method.h"

namespace tss {

struct PredictionCost {
  int64_t parameters = 0;  // those that predict() depends on
  double seconds = 0;      // of one window, least of three
};
// On noise of the prediction window. Leaves the method in evaluation mode.
PredictionCost prediction_cost(Method& method, int64_t channels, const std::vector<int64_t>& window, torch::Device device);

int64_t trainable_parameters(Method& method);

// Largest memory so far, GiB: of the process, or what the device's allocator held.
double peak_memory_gib(torch::Device device);

// step_seconds: of the training steps, in order; absent in the file when there are fewer than ten.
void write_costs(const std::filesystem::path& run, const RunConfig& config, Method& method, int64_t channels,
                 std::vector<double> step_seconds, torch::Device device);

}  // namespace tss
