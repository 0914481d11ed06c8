// Refuses a patch that cannot fit before the system kills the program.
#pragma once

#include <torch/torch.h>

#include "textsemiseg/engine/run_config.h"

namespace tss {

// A lower bound of what one training step holds, bytes: the full-resolution activations kept for the backward pass of one decoder.
double least_step_memory(const RunConfig& config, int64_t channels);
// Of this machine, bytes.
double machine_memory();
// Throws InputError naming sampler.patch when that exceeds the machine's memory; GPUs are left to their own allocator.
void check_memory(const RunConfig& config, int64_t channels, const torch::Device& device);

}  // namespace tss
