// Exponential moving average of a network's parameters: teachers (UA-MT, BCP) and the bilateral averages of BS-Net.
#pragma once

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace tss {

// min(1 - 1 / (t + 1), limit), t completed optimiser steps from 0: the first average is a copy (Tarvainen and Valpola, NeurIPS 2017).
inline double ema_factor(int64_t t, double limit = 0.99) { return std::min(1 - 1 / (static_cast<double>(t) + 1), limit); }

// What becomes of buffers (running statistics of batch norm). The released programs leave them alone; averaged like weights they fit
// the averaged weights (EMAN; Cai et al., CVPR 2021). Buffers of whole numbers are copied.
enum class Buffers { kLeftAlone, kAveraged };

// average <- alpha average + (1 - alpha) value, tensor by tensor, without gradient; tensors of whole numbers are copied.
void move_average(const std::vector<torch::Tensor>& average, const std::vector<torch::Tensor>& value, double alpha);

// average <- alpha average + (1 - alpha) network, for every parameter, without gradient. Both must have the same parameters
// (InputError names the first that differs).
void update_average(torch::nn::Module& average, const torch::nn::Module& network, double alpha,
                    Buffers buffers = Buffers::kLeftAlone);

// A teacher's start: parameters and buffers become equal to the network's, and parameters ask for no gradient.
void start_average(torch::nn::Module& average, const torch::nn::Module& network);

}  // namespace tss
