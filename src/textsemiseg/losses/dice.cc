#include "textsemiseg/losses/dice.h"

namespace tss {

namespace F = torch::nn::functional;

namespace {

// Everything but axis 1, the class.
torch::Tensor sum_per_class(const torch::Tensor& x) { return x.transpose(0, 1).flatten(1).sum(1); }

torch::Tensor smooth_dice(const torch::Tensor& overlap, const torch::Tensor& sizes, double smooth) {
  return (2 * overlap + smooth) / (sizes + smooth);
}

// The Dice of each class, [K]. size: what a map p is measured by, p or p^2.
template <class Size>
torch::Tensor dice_per_class(const torch::Tensor& p, const torch::Tensor& label, double smooth, AbsentClass absent, Size size) {
  const torch::Tensor g = one_hot(label, p.size(1), p);
  const torch::Tensor there = sum_per_class(g);
  const torch::Tensor found = smooth_dice(sum_per_class(p * g), sum_per_class(size(p)) + there, smooth);
  if (absent == AbsentClass::kFormula) return found;
  const torch::Tensor rest = 1 - p;
  const auto voxels = static_cast<double>(label.numel());
  return torch::where(there > 0, found, smooth_dice(sum_per_class(rest), sum_per_class(size(rest)) + voxels, smooth));
}

}  // namespace

torch::Tensor one_hot(const torch::Tensor& label, int64_t classes, const torch::Tensor& like) {
  auto shape = label.sizes().vec();
  shape.insert(shape.begin() + 1, classes);
  return torch::zeros(shape, like.options()).scatter_(1, label.unsqueeze(1), 1);
}

torch::Tensor dice_loss_squared(const torch::Tensor& p, const torch::Tensor& label, int64_t first_class, double smooth,
                                AbsentClass absent) {
  const torch::Tensor dice = dice_per_class(p, label, smooth, absent, [](const torch::Tensor& x) { return x.square(); });
  return (1 - dice).slice(0, first_class).mean();
}

torch::Tensor dice_loss_linear(const torch::Tensor& p, const torch::Tensor& label, AbsentClass absent) {
  const torch::Tensor dice = dice_per_class(p, label, 1e-8, absent, [](const torch::Tensor& x) { return x; });
  return (1 - dice).slice(0, 1).mean();
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

torch::Tensor masked_cross_entropy_and_dice(const torch::Tensor& logits, const torch::Tensor& label, const torch::Tensor& mask) {
  const torch::Tensor m = mask.to(logits.scalar_type());
  const torch::Tensor entropy = F::cross_entropy(logits, label, F::CrossEntropyFuncOptions().reduction(torch::kNone));
  const torch::Tensor over_classes = m.unsqueeze(1);
  const torch::Tensor p = torch::softmax(logits, 1) * over_classes, g = one_hot(label, logits.size(1), logits) * over_classes;
  const torch::Tensor dice = smooth_dice(sum_per_class(p * g), sum_per_class(p.square()) + sum_per_class(g), 1e-5);
  return (entropy * m).sum() / m.sum().clamp_min(1) + (1 - dice).mean();
}

}  // namespace tss
