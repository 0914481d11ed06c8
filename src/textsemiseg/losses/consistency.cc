#include "textsemiseg/losses/consistency.h"

#include "textsemiseg/losses/sum.h"

namespace tss {

torch::Tensor sharpen(const torch::Tensor& p, double temperature) {
  const torch::Tensor high = p.pow(1.0 / temperature), low = (1 - p).pow(1.0 / temperature);
  return high / (high + low);
}

torch::Tensor mutual_consistency(const std::vector<torch::Tensor>& p) {
  std::vector<torch::Tensor> sharp;
  for (const auto& one : p) sharp.push_back(sharpen(one));
  torch::Tensor total;
  for (size_t i = 0; i < p.size(); ++i)
    for (size_t j = 0; j < p.size(); ++j)
      if (i != j) add_to(total, torch::mse_loss(p[i], sharp[j]));
  return total;
}

}  // namespace tss
