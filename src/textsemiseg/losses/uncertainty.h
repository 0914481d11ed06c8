// Where a prediction is certain, and consistency there only: UA-MT (Yu et al., MICCAI 2019; docs/methods.md#ua_mt).
#pragma once

#include <torch/torch.h>

#include <functional>

namespace tss {

// -sum over classes of p ln(p + 1e-6): [N, K, X, Y, Z] -> [N, 1, X, Y, Z].
torch::Tensor entropy(const torch::Tensor& probabilities);

struct DropoutOptions {
  int64_t passes = 8;       // stochastic predictions; an even number
  double noise = 0.1;       // standard deviation of the noise on the image
  double most_noise = 0.2;  // it is clipped to +- this
  // Standard normal numbers in the shape of x; torch's generator where empty. For tests with prescribed numbers.
  std::function<torch::Tensor(const torch::Tensor& x)> draw = nullptr;
};

// x plus clipped normal noise.
torch::Tensor with_noise(const torch::Tensor& x, const DropoutOptions& options);

// Mean of softmax(network(x + noise)) over options.passes predictions, [N, K, X, Y, Z], without gradient: Monte-Carlo dropout when
// the network is in training mode. The network sees two noised copies of x at a time, as released: its batch norm is over 2N samples.
torch::Tensor mean_prediction(const std::function<torch::Tensor(const torch::Tensor& x)>& network, const torch::Tensor& x,
                              const DropoutOptions& options);

// Entropy up to which a voxel counts as certain: (0.75 + 0.25 G(t, t_max)) ln K, G the Gaussian ramp.
double certainty_threshold(double t, double t_max, int64_t classes);

// sum(M (p - q)^2) / (K sum(M) + 1e-16) over all voxels and classes; mask M [N, 1, X, Y, Z] of 0 and 1.
torch::Tensor masked_consistency(const torch::Tensor& p, const torch::Tensor& q, const torch::Tensor& mask);

}  // namespace tss
