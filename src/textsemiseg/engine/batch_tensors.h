// From the loader's memory to the tensors of a step.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "textsemiseg/methods/method.h"
#include "textsemiseg/sampling/sampler.h"

namespace tss {

// Copies nothing on the CPU: the tensors keep the loader's batch alive until they are dropped.
Batch to_tensors(const std::shared_ptr<PatchBatch>& patches, torch::Device device);

// Where a loss went wrong: throws InputError naming the case whose patch holds NaN or infinite values, as a damaged cache does.
void require_finite(const PatchBatch& patches);

}  // namespace tss
