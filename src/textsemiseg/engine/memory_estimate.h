// What a training step needs, measured on small patches before the first step, so that a patch that cannot fit is refused and not found out
// by the system, which kills without a word.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/methods/method.h"

namespace tss {

// A lower bound of what one training step holds, bytes: the full-resolution activations kept for the backward pass of one decoder. For
// where no step can be tried.
double least_step_memory(const RunConfig& config, int64_t channels);
// Of this machine, bytes.
double machine_memory();

// Most bytes that tensors on the CPU held at a time during action, above those that were there before.
double tensor_bytes_during(const std::function<void()>& action);

// Bytes of a step: a part that does not depend on the patch, and one per voxel of it (a batch of such patches; sides as the network pads
// them).
struct StepMemory {
  double fixed = 0, per_voxel = 0;
  int64_t side_multiple = 1;  // of the network: what sides are padded to

  double bytes(const std::vector<int64_t>& patch) const;
  // The largest patch of about these proportions, sides multiples of side_multiple, that takes no more than so many bytes; empty: none.
  std::vector<int64_t> largest(const std::vector<int64_t>& patch, double bytes) const;
};

// What the features of the classes hold while they are computed for a step, bytes: a text encoder that prompts are learned through.
double text_memory(const std::function<torch::Tensor()>& features);

// Two steps with all terms of the loss, on noise, of a method of the same options that is thrown away afterwards. Its patches have sides of
// at most 48 voxels (64 where the network halves them five times or more), so that it costs a part of one real step. texts [K, d]: of a
// method with class texts, else undefined. Torch's generator is another one afterwards. CPU alone.
StepMemory measure_step_memory(const RunConfig& config, const std::vector<std::string>& class_names, int64_t channels,
                               const torch::Tensor& texts);

// What the process needs at its peak: what it holds now (with the method and its texts), a step, and the batches drawn ahead. No lower bound:
// measured peaks lie between 0.65 and 0.95 of it (docs/train.md#memory).
double training_memory(const StepMemory& step, const RunConfig& config, int64_t channels);

// For people: "memory about 7.8 of 20.6 GiB that are free". Throws InputError naming sampler.patch and the largest one that fits when it is
// more than what is free.
std::string memory_line(const StepMemory& step, const RunConfig& config, int64_t channels);

}  // namespace tss
