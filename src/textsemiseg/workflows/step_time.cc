#include "textsemiseg/workflows/step_time.h"

#include <algorithm>
#include <limits>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/networks/deep_vnet.h"

namespace tss {

double training_seconds_per_voxel(const VNetOptions& network) {
  constexpr int64_t kPatches = 2, kSide = 48, kSteps = 3;
  DeepVNet net(network, /*deep=*/false);
  const torch::Tensor image = torch::randn({kPatches, network.in_channels, kSide, kSide, kSide});
  const torch::Tensor label = torch::randint(network.classes, {kPatches, kSide, kSide, kSide}, torch::kInt64);
  double best = std::numeric_limits<double>::infinity();
  for (int64_t step = 0; step <= kSteps; ++step) {  // the first one warms up
    const Stopwatch watch;
    cross_entropy_and_dice(net->forward_levels(image).front(), label).backward();
    if (step > 0) best = std::min(best, watch.seconds());
  }
  return best / static_cast<double>(image.numel() / network.in_channels);
}

}  // namespace tss
