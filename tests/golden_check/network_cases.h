// What the runners of net_* files share.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "golden_check/golden.h"

namespace golden {

// Name in the file and value of every output, in the file's order.
using Outputs = std::vector<std::pair<std::string, torch::Tensor>>;
using Forward = std::function<Outputs(const torch::Tensor& x)>;

// w_n[j] = 1 + 0.5 u(31337 + n, j) of the files' scalar loss.
torch::Tensor loss_weights(const torch::Tensor& like, size_t number);

int64_t parameter_count(const torch::nn::Module& module);

// One case: weights by formula, the outputs in the case's mode, in training mode also loss, gradients and running statistics.
// `layout` (networks/published_layout.h) turns the names of the file into ours. Integer outputs stay out of the loss.
void run_network_case(const Json& c, torch::nn::Module& net, const Json& network, const Forward& forward,
                      const std::string& layout, Checker& check);

// The network's parameter and buffer list under our names.
Json with_own_names(Json network, const std::string& layout);

// The parameter list printed is that of the first case; shapes that follow from a later case's patch are ours.
Json resized(Json network, torch::nn::Module& module, const std::string& layout = "nested");

}  // namespace golden
