// How fast this machine trains, measured in a few seconds: what a plan by the clock starts from.
#pragma once

#include "textsemiseg/networks/vnet.h"

namespace tss {

// Seconds of a supervised step (forward, cross-entropy and Dice, backward) per voxel of the batch: the best of three steps on two small
// patches of noise, on the CPU, in float32, with the threads that LibTorch has.
double training_seconds_per_voxel(const VNetOptions& network);

}  // namespace tss
