#include "textsemiseg/losses/mutual_correction.h"

#include "textsemiseg/losses/dice.h"

namespace tss {

torch::Tensor disagreement(const torch::Tensor& logits_a, const torch::Tensor& logits_b) {
  return (logits_a.argmax(1) != logits_b.argmax(1)).to(logits_a.scalar_type());
}

torch::Tensor rectification_loss(const torch::Tensor& p, const torch::Tensor& label, const torch::Tensor& where) {
  const torch::Tensor squared = (p - one_hot(label, p.size(1), p)).slice(1, 1).square().mean(1);  // [N, X, Y, Z]
  return (where * squared).sum() / (where.sum() + 1e-16);
}

torch::Tensor sharpen_over_classes(const torch::Tensor& p, double temperature) {
  const torch::Tensor high = p.pow(1.0 / temperature);
  return high / high.sum(1, true);
}

}  // namespace tss
