#include "textsemiseg/losses/text_similarity.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/sum.h"

namespace tss {

namespace F = torch::nn::functional;

DynamicLabels dynamic_labels(const std::vector<torch::Tensor>& probabilities, const std::vector<torch::Tensor>& dice_losses) {
  torch::NoGradGuard no_grad;
  DynamicLabels out;
  out.weights = torch::softmax(1 - torch::sigmoid(torch::stack(dice_losses)), 0);
  torch::Tensor mixed;
  for (size_t i = 0; i < probabilities.size(); ++i) add_to(mixed, out.weights[static_cast<int64_t>(i)] * probabilities[i]);
  out.label = mixed.argmax(1);
  return out;
}

TextSimilarity text_similarity(const std::vector<torch::Tensor>& projected, const std::vector<torch::Tensor>& predicted,
                               const torch::Tensor& label, const torch::Tensor& text) {
  // Sums over positions are no place for half precision.
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const int64_t classes = text.size(0);
  torch::Tensor agree = torch::ones_like(label, torch::kBool);
  for (const auto& one : predicted) agree = agree.logical_and(one == label);
  // [N P, K]: 1 where all say class c.
  const torch::Tensor members = one_hot(label.flatten(), classes, text) * agree.flatten().unsqueeze(1);
  TextSimilarity out;
  out.agreeing = members.sum(0).to(torch::kInt64);
  torch::Tensor sums;  // [K, d]
  for (const auto& one : projected) add_to(sums, torch::matmul(members.t(), one.flatten(0, 1).to(text.scalar_type())));
  const torch::Tensor counts = (members.sum(0) * static_cast<double>(projected.size())).clamp_min(1);
  const torch::Tensor vectors = sums / counts.unsqueeze(1);
  out.loss = 1 - F::cosine_similarity(vectors, text, F::CosineSimilarityFuncOptions().dim(1)).mean();
  return out;
}

}  // namespace tss
