#include "textsemiseg/losses/dice.h"

namespace tss {

namespace F = torch::nn::functional;

namespace {

// Everything but axis 1, the class.
torch::Tensor sum_per_class(const torch::Tensor& x) { return x.transpose(0, 1).flatten(1).sum(1); }

}  // namespace

torch::Tensor one_hot(const torch::Tensor& label, int64_t classes, const torch::Tensor& like) {
  auto shape = label.sizes().vec();
  shape.insert(shape.begin() + 1, classes);
  return torch::zeros(shape, like.options()).scatter_(1, label.unsqueeze(1), 1);
}

torch::Tensor dice_loss_squared(const torch::Tensor& p, const torch::Tensor& label, int64_t first_class, double smooth) {
  const torch::Tensor g = one_hot(label, p.size(1), p);
  const torch::Tensor overlap = sum_per_class(p * g);
  const torch::Tensor sizes = sum_per_class(p.square()) + sum_per_class(g);
  return (1 - (2 * overlap + smooth) / (sizes + smooth)).slice(0, first_class).mean();
}

torch::Tensor dice_loss_linear(const torch::Tensor& p, const torch::Tensor& label) {
  constexpr double kSmooth = 1e-8;
  const torch::Tensor g = one_hot(label, p.size(1), p);
  const torch::Tensor overlap = sum_per_class(p * g);
  return (1 - (2 * overlap + kSmooth) / (sum_per_class(p) + sum_per_class(g) + kSmooth)).slice(0, 1).mean();
}

torch::Tensor dice_loss_masked(const torch::Tensor& p, const torch::Tensor& label, const torch::Tensor& mask) {
  constexpr double kSmooth = 1e-5;
  const torch::Tensor g = one_hot(label, p.size(1), p);
  const auto sum = [&](const torch::Tensor& x) { return (mask.defined() ? x * mask.unsqueeze(1) : x).flatten(2).sum(2); };
  return 1 - ((2 * sum(p * g) + kSmooth) / (sum(p + g) + kSmooth)).mean();
}

torch::Tensor cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label) {
  return F::cross_entropy(logits, label) + dice_loss_squared(torch::softmax(logits, 1), label, 0, 1e-5);
}

}  // namespace tss
