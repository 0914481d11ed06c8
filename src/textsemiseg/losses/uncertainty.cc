#include "textsemiseg/losses/uncertainty.h"

#include <cmath>

#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/losses/sum.h"

namespace tss {

torch::Tensor entropy(const torch::Tensor& p) { return -(p * torch::log(p + 1e-6)).sum(1, true); }

torch::Tensor with_noise(const torch::Tensor& x, const DropoutOptions& options) {
  const torch::Tensor normal = options.draw ? options.draw(x) : torch::randn_like(x);
  return x + torch::clamp(normal * options.noise, -options.most_noise, options.most_noise);
}

torch::Tensor mean_prediction(const std::function<torch::Tensor(const torch::Tensor& x)>& network, const torch::Tensor& x,
                              const DropoutOptions& options) {
  torch::NoGradGuard no_grad;
  TORCH_CHECK(options.passes > 0 && options.passes % 2 == 0, "an even number of passes was expected, not ", options.passes);
  const torch::Tensor twice = torch::cat({x, x});
  torch::Tensor sum;
  for (int64_t pass = 0; pass < options.passes / 2; ++pass) {
    const torch::Tensor p = torch::softmax(network(with_noise(twice, options)), 1);
    add_to(sum, p.narrow(0, 0, x.size(0)) + p.narrow(0, x.size(0), x.size(0)));
  }
  return sum / static_cast<double>(options.passes);
}

double certainty_threshold(double t, double t_max, int64_t classes) {
  return (0.75 + 0.25 * gaussian_ramp(t, t_max)) * std::log(static_cast<double>(classes));
}

torch::Tensor masked_consistency(const torch::Tensor& p, const torch::Tensor& q, const torch::Tensor& mask) {
  return (mask * (p - q).square()).sum() / (static_cast<double>(p.size(1)) * mask.sum() + 1e-16);
}

}  // namespace tss
