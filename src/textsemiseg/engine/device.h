// Which device a run uses, threads, and what is recorded of the environment.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>

#include "textsemiseg/base/config.h"

namespace tss {

// "auto": the first GPU when there is one; "cpu"; "cuda" or "cuda:N". Throws InputError when it is not there.
torch::Device choose_device(const std::string& name);
// threads = 0: all cores. Returns the number in use.
int64_t set_threads(int64_t threads);
// Versions, device, threads, instruction set: what a number may depend on.
Json environment_record(const torch::Device& device);

}  // namespace tss
