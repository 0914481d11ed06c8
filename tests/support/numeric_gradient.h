// Gradients by autograd against central differences.
#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace tss::testing {

struct GradientCheck {
  double error = 0;  // largest over the tensors; see check_gradients
  std::string worst;
  double automatic = 0, numeric = 0;  // directional derivatives of the worst one
};

inline std::ostream& operator<<(std::ostream& out, const GradientCheck& check) {
  return out << "worst: " << check.worst << ", by autograd " << check.automatic << ", by differences " << check.numeric;
}

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

inline NamedTensors parameters_of(const torch::nn::Module& module) {
  NamedTensors out;
  for (const auto& parameter : module.named_parameters()) out.emplace_back(parameter.key(), parameter.value());
  return out;
}

// Compares the derivative of loss() along one random unit direction per tensor with (loss(x + h) - loss(x - h)) / 2h.
// The tensors are float64 leaves that require gradients; loss must be deterministic. Error of a tensor: |a - n| relative to its larger
// one, or to a thousandth of the largest derivative met where its own is smaller still (a bias in front of batch norm has none).
inline GradientCheck check_gradients(const std::function<torch::Tensor()>& loss, const NamedTensors& tensors, double step = 1e-6,
                                     uint64_t seed = 1) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (const auto& [name, tensor] : tensors) tensor.mutable_grad() = torch::Tensor();
  loss().backward();
  std::vector<double> automatic, numeric;
  double largest = 0;
  torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : tensors) {
    TORCH_CHECK(tensor.scalar_type() == torch::kFloat64, name, " is not float64");
    torch::Tensor direction = torch::randn(tensor.sizes(), generator, tensor.options().requires_grad(false));
    direction = direction / direction.norm();
    automatic.push_back(tensor.grad().defined() ? (tensor.grad() * direction).sum().item<double>() : 0.0);
    const double h = step * std::max(1.0, tensor.norm().item<double>());
    const torch::Tensor at = tensor.clone();
    const auto value = [&](double offset) {
      tensor.copy_(at + offset * direction);
      const double out = loss().detach().item<double>();
      tensor.copy_(at);
      return out;
    };
    numeric.push_back((value(h) - value(-h)) / (2 * h));
    largest = std::max({largest, std::abs(automatic.back()), std::abs(numeric.back())});
  }
  GradientCheck out;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const double a = automatic[i], n = numeric[i];
    const double error = std::abs(a - n) / std::max({std::abs(a), std::abs(n), 1e-3 * largest, 1e-300});
    if (i == 0 || std::isnan(error) || error > out.error) out = {error, tensors[i].first, a, n};
    if (std::isnan(error)) return out;
  }
  return out;
}

}  // namespace tss::testing
