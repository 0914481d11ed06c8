#include "textsemiseg/engine/memory_estimate.h"

#include <c10/core/Allocator.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/free_memory.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/phases.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/methods/registry.h"

namespace tss {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
// Maps at full resolution that the backward pass of a VNet with one decoder needs: inputs and outputs of convolution and batch norm in
// the first encoder level and the last decoder level.
constexpr double kMapsKept = 8;
// Resident memory over what the tensors hold: blocks that the allocator keeps, work space of the convolutions. Measured up to 1.34
// (docs/train.md#memory).
constexpr double kOverTensors = 1.5;

// Sums of what torch's CPU allocator gives and takes, on all threads that work for this one.
class TensorBytes : public c10::MemoryReportingInfoBase {
 public:
  void reportMemoryUsage(void* /*pointer*/, int64_t bytes, size_t, size_t, c10::Device device) override {
    if (!device.is_cpu()) return;
    const int64_t now = now_.fetch_add(bytes) + bytes;
    for (int64_t most = most_.load(); now > most && !most_.compare_exchange_weak(most, now);) {
    }
  }
  bool memoryProfilingEnabled() const override { return true; }
  int64_t most() const { return most_.load(); }

 private:
  std::atomic<int64_t> now_{0}, most_{0};
};

int64_t voxels_of(const std::vector<int64_t>& patch) {
  int64_t out = 1;
  for (const int64_t side : patch) out *= side;
  return out;
}

std::vector<int64_t> padded(std::vector<int64_t> patch, int64_t multiple) {
  for (int64_t& side : patch) side = (side + multiple - 1) / multiple * multiple;
  return patch;
}

Batch noise_batch(const RunConfig& config, int64_t classes, int64_t channels) {
  const auto& p = config.sampler.patch;
  const int64_t labelled = config.sampler.labelled, unlabelled = config.sampler.unlabelled;
  Batch batch;
  batch.image = torch::randn({labelled + unlabelled, channels, p[0], p[1], p[2]});
  batch.label = torch::randint(classes, {labelled, p[0], p[1], p[2]}, torch::kInt64);
  if (config.sampler.weak_views) batch.weak = batch.image.narrow(0, labelled, unlabelled).clone();
  return batch;
}

// Bytes of one step of a method that has its parameters already; with gradients and the state of its optimisers.
double bytes_of_step(RunConfig config, const std::vector<int64_t>& patch, const std::vector<std::string>& class_names,
                     int64_t channels, const torch::Tensor& texts) {
  config.sampler.patch = patch;
  std::shared_ptr<TextSource> text;
  if (texts.defined()) {
    std::vector<ClassText> names;
    for (const std::string& name : class_names) names.push_back({name, ""});
    text = std::make_shared<FixedText>(texts, names);
  }
  const auto method = build_method(config, class_names, channels, text);
  Optimisation optimisation(*method, config.optimiser, config.train.precision == "bf16");
  const std::vector<PhaseSpan> phases = phase_spans(method->phases(), config.train.iterations);
  const bool unlabelled =
      std::any_of(phases.begin(), phases.end(), [](const PhaseSpan& span) { return span.phase.uses_unlabelled; });
  if (!unlabelled) config.sampler.unlabelled = 0;
  method->begin_phase(phases.back().phase.name);
  const double step = tensor_bytes_during([&] {
    optimisation.step(noise_batch(config, static_cast<int64_t>(class_names.size()), channels), 0, config.train.iterations - 1,
                      config.train.iterations);
  });
  double state = 0;  // of the optimisers, which are there from the second step on
  for (const auto& [name, tensor] : optimisation.state()) state += static_cast<double>(tensor.nbytes());
  double average = 0;
  if (config.train.average > 0) {
    for (const torch::Tensor& parameter : method->parameters()) average += static_cast<double>(parameter.nbytes());
  }
  return step + state + average;
}

}  // namespace

double least_step_memory(const RunConfig& config, int64_t channels) {
  const double voxels =
      static_cast<double>(voxels_of(config.sampler.patch) * (config.sampler.labelled + config.sampler.unlabelled));
  return voxels * 4 * (kMapsKept * static_cast<double>(config.network.widths.front()) + static_cast<double>(channels));
}

double machine_memory() { return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)); }

double text_memory(const std::function<torch::Tensor()>& features) {
  return tensor_bytes_during([&] {
    const torch::Tensor values = features();
    if (!values.requires_grad()) return;
    values.sum().backward();
  });
}

double tensor_bytes_during(const std::function<void()>& action) {
  const auto bytes = std::make_shared<TensorBytes>();
  const c10::DebugInfoGuard guard(c10::DebugInfoKind::PROFILER_STATE, bytes);
  action();
  return static_cast<double>(bytes->most());
}

double StepMemory::bytes(const std::vector<int64_t>& patch) const {
  return fixed + per_voxel * static_cast<double>(voxels_of(padded(patch, side_multiple)));
}

std::vector<int64_t> StepMemory::largest(const std::vector<int64_t>& patch, double most) const {
  const int64_t longest = *std::max_element(patch.begin(), patch.end());
  for (int64_t side = longest / side_multiple * side_multiple; side > 0; side -= side_multiple) {
    const double share = static_cast<double>(side) / static_cast<double>(longest);
    std::vector<int64_t> out;
    for (const int64_t one : patch) {
      const auto steps = std::lround(share * static_cast<double>(one) / static_cast<double>(side_multiple));
      out.push_back(std::max<int64_t>(1, steps) * side_multiple);
    }
    if (bytes(out) <= most) return out;
  }
  return {};
}

StepMemory measure_step_memory(const RunConfig& config, const std::vector<std::string>& class_names, int64_t channels,
                               const torch::Tensor& texts) {
  StepMemory out;
  out.side_multiple = config.network.side_multiple();
  const int64_t small_side = padded({32}, out.side_multiple).front(),
                large_side = small_side + std::max<int64_t>(16, out.side_multiple);
  std::vector<int64_t> small, large;
  for (const int64_t side : config.sampler.patch) {
    small.push_back(std::min(side, small_side));
    large.push_back(std::min(side, large_side));
  }
  const auto bytes = [&](const std::vector<int64_t>& patch) {
    return bytes_of_step(config, patch, class_names, channels, texts);
  };
  const auto volume = [&](const std::vector<int64_t>& patch) {
    return static_cast<double>(voxels_of(padded(patch, out.side_multiple)));
  };
  const double at_large = bytes(large);
  if (large == config.sampler.patch || volume(small) == volume(large)) {
    out.per_voxel = at_large / volume(large);
    return out;
  }
  out.per_voxel = std::max(0.0, (at_large - bytes(small)) / (volume(large) - volume(small)));
  out.fixed = std::max(0.0, at_large - out.per_voxel * volume(large));
  return out;
}

double training_memory(const StepMemory& step, const RunConfig& config, int64_t channels) {
  const auto& sampler = config.sampler;
  const double samples = static_cast<double>(sampler.labelled + sampler.unlabelled * (sampler.weak_views ? 2 : 1));
  const double batch = static_cast<double>(voxels_of(sampler.patch)) * (samples * static_cast<double>(channels) * 4 + samples);
  const double ahead = static_cast<double>(sampler.queue + sampler.threads + 1);
  return resident_memory() + kOverTensors * step.bytes(sampler.patch) + ahead * batch;
}

std::string memory_line(const StepMemory& step, const RunConfig& config, int64_t channels) {
  const double needed = training_memory(step, config, channels), held = resident_memory(), there = free_memory() + held;
  const std::string batch = concat(config.sampler.labelled, " + ", config.sampler.unlabelled);
  if (needed <= there) {
    const std::string line = concat("memory about ", fixed(needed / kGiB, 1), " of ", fixed(there / kGiB, 1), " GiB");
    return needed < 0.85 * there ? line : line + ", which is close: a smaller sampler.patch or batch is safer";
  }
  const std::vector<int64_t> fits = step.largest(config.sampler.patch, (0.9 * there - held) / kOverTensors);
  throw InputError("sampler.patch",
                   concat("[", join(config.sampler.patch, ", "), "] with a batch of ", batch, " needs about ",
                          fixed(needed / kGiB, 1), " GiB, and ", fixed(there / kGiB, 1), " GiB are free"),
                   fits.empty()
                       ? std::string("a smaller batch, or a machine with more memory")
                       : concat("at most [", join(fits, ", "), "], or a smaller batch (sampler.labelled, sampler.unlabelled)"));
}

}  // namespace tss
