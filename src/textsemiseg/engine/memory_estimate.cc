#include "textsemiseg/engine/memory_estimate.h"

#include <unistd.h>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Maps at full resolution that the backward pass of a VNet with one decoder needs: inputs and outputs of convolution and batch norm in
// the first encoder level and the last decoder level.
constexpr double kMapsKept = 8;

}  // namespace

double least_step_memory(const RunConfig& config, int64_t channels) {
  double voxels = static_cast<double>(config.sampler.labelled + config.sampler.unlabelled);
  for (const int64_t side : config.sampler.patch) voxels *= static_cast<double>(side);
  return voxels * 4 * (kMapsKept * static_cast<double>(config.network.widths.front()) + static_cast<double>(channels));
}

double machine_memory() { return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE)); }

void check_memory(const RunConfig& config, int64_t channels, const torch::Device& device) {
  if (device.is_cuda()) return;
  const double needed = least_step_memory(config, channels);
  const double there = machine_memory();
  if (needed <= there) return;
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  throw InputError(
      "sampler.patch",
      concat("[", join(config.sampler.patch, ", "), "] with a batch of ", config.sampler.labelled + config.sampler.unlabelled,
             " needs at least ", fixed(needed / kGiB, 1), " GiB"),
      concat("less than this machine's ", fixed(there / kGiB, 1), " GiB: a smaller patch or batch"));
}

}  // namespace tss
