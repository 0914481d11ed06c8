#include "textsemiseg/modules/semantic_alignment.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

namespace F = torch::nn::functional;

void AlignmentOptions::check() const {
  if (pool != "global" && pool != "masked") throw InputError("csa.pool", "found '" + pool + "'", "global or masked");
  if (reduction != "mean" && reduction != "sum" && reduction != "class_sum")
    throw InputError("csa.reduction", "found '" + reduction + "'", "mean, sum or class_sum");
}

torch::Tensor class_vectors(const torch::Tensor& features, const torch::Tensor& maps, int64_t block,
                            const AlignmentOptions& options) {
  // Sums over a whole map are no place for half precision.
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const torch::Tensor whole_blocks = pad_to_multiple(options.detach_map ? maps.detach() : maps, block);
  for (int64_t axis = 2; axis < 5; ++axis)
    TORCH_CHECK(whole_blocks.size(axis) == features.size(axis) * block, "maps of ", maps.sizes(), " and features of ",
                features.sizes(), " do not fit blocks of ", block);
  const torch::Tensor small = F::avg_pool3d(whole_blocks, F::AvgPool3dFuncOptions(block).stride(block));  // [N, K, x, y, z]
  const torch::Tensor flat = features.flatten(2).transpose(1, 2);                                         // [N, v, d]
  torch::Tensor vectors = torch::matmul(small.flatten(2), flat);                                          // [N, K, d], sums
  if (options.pool == "masked") {
    vectors = vectors / (small.flatten(2).sum(-1, true) + 1e-8);
  } else {
    const auto voxels = static_cast<double>(maps.size(2) * maps.size(3) * maps.size(4));
    vectors = vectors / (voxels / static_cast<double>(block * block * block));  // without the padding
  }
  return options.normalise ? F::normalize(vectors, F::NormalizeFuncOptions().dim(-1)) : vectors;
}

torch::Tensor alignment_loss(const torch::Tensor& features, const torch::Tensor& maps, const torch::Tensor& text, int64_t block,
                             const AlignmentOptions& options) {
  const torch::Tensor squared = (text.unsqueeze(0) - class_vectors(features, maps, block, options)).square();  // [N, K, d]
  if (options.reduction == "mean") return squared.mean();
  return options.reduction == "sum" ? squared.sum({1, 2}).mean() : squared.mean(2).sum(1).mean();
}

}  // namespace tss
