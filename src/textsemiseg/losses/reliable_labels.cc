#include "textsemiseg/losses/reliable_labels.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/uncertainty.h"

namespace tss {

namespace F = torch::nn::functional;

Reliability reliability(const torch::Tensor& student, const torch::Tensor& teacher, const torch::Tensor& feature) {
  torch::NoGradGuard no_grad;
  // Features may come in half precision; sums over all voxels of a sample are no place for it.
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  Reliability out;
  out.mask = (entropy(student) > entropy(teacher)).squeeze(1).to(teacher.scalar_type());
  const torch::Tensor members = one_hot(teacher.argmax(1), teacher.size(1), teacher).flatten(2);  // [N, K, V]
  const torch::Tensor flat = feature.flatten(2).to(teacher.scalar_type());                        // [N, C, V]
  const torch::Tensor means = torch::matmul(members, flat.transpose(1, 2)) / (members.sum(2, true) + 1e-6);
  out.prototypes = F::normalize(means, F::NormalizeFuncOptions().dim(2));
  const torch::Tensor lengths = flat.norm(2, 1, true).clamp_min(1e-8);                                 // [N, 1, V]
  const torch::Tensor cosine = (torch::matmul(out.prototypes, flat) / lengths).view(teacher.sizes());  // [N, K, X, Y, Z]
  out.weight = (1 - (cosine - teacher).square()).mean(1) * out.mask;
  return out;
}

torch::Tensor reliable_cross_entropy(const torch::Tensor& student_logits, const torch::Tensor& teacher,
                                     const Reliability& reliable) {
  const torch::Tensor ce =
      F::cross_entropy(student_logits, teacher.argmax(1), F::CrossEntropyFuncOptions().reduction(torch::kNone));
  return (ce * reliable.weight).sum() / (reliable.mask.sum() + 1e-6);
}

}  // namespace tss
