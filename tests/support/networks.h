// What tests of networks share.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "support/numeric_gradient.h"
#include "textsemiseg/networks/vnet.h"

namespace tss::testing {

using Sides = std::vector<int64_t>;

inline int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

// Three levels, no dropout.
inline VNetOptions small_vnet(int64_t classes = 2, int64_t channels = 1) {
  VNetOptions options;
  options.in_channels = channels;
  options.classes = classes;
  options.widths = {4, 8, 8};
  options.depths = {1, 2, 1};
  options.dropout = false;
  return options;
}

// Derivatives by autograd against central differences: sum over outputs of sum(w o) + sum(o^2) / 10, w random, with respect to the
// input [2, C, sides] and every parameter of the network, which is put into float64 and training mode.
template <class Net, class Run>
GradientCheck check_network_gradients(Net& net, const Run& run, int64_t channels, const Sides& sides, NamedTensors also = {}) {
  net->to(torch::kFloat64);
  net->train();
  const torch::Tensor x = torch::randn({2, channels, sides[0], sides[1], sides[2]}, torch::kFloat64).requires_grad_(true);
  std::vector<torch::Tensor> weights;
  {
    torch::NoGradGuard no_grad;
    for (const auto& out : run(net, x)) weights.push_back(torch::randn_like(out));
  }
  NamedTensors tensors = parameters_of(*net);
  tensors.emplace_back("input", x);
  tensors.insert(tensors.end(), also.begin(), also.end());
  const auto loss = [&] {
    const std::vector<torch::Tensor> outputs = run(net, x);
    torch::Tensor sum = torch::zeros({}, torch::kFloat64);
    for (size_t i = 0; i < outputs.size(); ++i) sum = sum + (weights[i] * outputs[i]).sum() + outputs[i].square().sum() / 10;
    return sum;
  };
  return check_gradients(loss, tensors);
}

}  // namespace tss::testing
