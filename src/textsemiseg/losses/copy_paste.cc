#include "textsemiseg/losses/copy_paste.h"

#include "textsemiseg/losses/dice.h"

namespace tss {

namespace F = torch::nn::functional;

Sides3 draw_box_corner(const Sides3& patch, const Sides3& sides) {
  Sides3 corner{0, 0, 0};
  for (size_t a = 0; a < 3; ++a)
    if (patch[a] > sides[a]) corner[a] = torch::randint(patch[a] - sides[a], {1}, torch::kInt64).item<int64_t>();
  return corner;
}

torch::Tensor outside_box(const Sides3& patch, const Sides3& corner, const Sides3& sides, const torch::Tensor& like) {
  torch::Tensor mask = torch::ones({patch[0], patch[1], patch[2]}, like.options().requires_grad(false));
  torch::Tensor box = mask;
  for (size_t a = 0; a < 3; ++a) box = box.slice(static_cast<int64_t>(a), corner[a], corner[a] + sides[a]);
  box.zero_();
  return mask;
}

torch::Tensor paste(const torch::Tensor& background, const torch::Tensor& patch, const torch::Tensor& mask) {
  return torch::where(mask > 0, background, patch);
}

torch::Tensor copy_paste_loss(const torch::Tensor& logits, const WeightedLabel& background, const WeightedLabel& patch,
                              const torch::Tensor& mask) {
  const torch::Tensor p = torch::softmax(logits, 1);
  const auto part = [&](const WeightedLabel& one, const torch::Tensor& where) {
    const torch::Tensor m = where.unsqueeze(0).expand_as(one.label);
    const torch::Tensor ce = F::cross_entropy(logits, one.label, F::CrossEntropyFuncOptions().reduction(torch::kNone));
    return one.weight * (dice_loss_masked(p, one.label, m) + (ce * m).sum() / (m.sum() + 1e-16));
  };
  return 0.5 * (part(background, mask) + part(patch, 1 - mask));
}

}  // namespace tss
