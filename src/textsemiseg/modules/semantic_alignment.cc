#include "textsemiseg/modules/semantic_alignment.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

namespace F = torch::nn::functional;

void AlignmentOptions::check() const {
  if (pool != "global" && pool != "masked") throw InputError("csa.pool", "found '" + pool + "'", "global or masked");
}

torch::Tensor class_vectors(const torch::Tensor& features, const torch::Tensor& maps, const AlignmentOptions& options) {
  std::vector<int64_t> block;
  for (int64_t axis = 2; axis < 5; ++axis)
    block.push_back((maps.size(axis) + features.size(axis) - 1) / features.size(axis));
  const torch::Tensor source = options.detach_map ? maps.detach() : maps;
  std::vector<int64_t> padding;
  for (int64_t axis = 4; axis >= 2; --axis) {
    padding.push_back(0);
    padding.push_back(block[static_cast<size_t>(axis - 2)] * features.size(axis) - maps.size(axis));
  }
  const torch::Tensor padded = F::pad(source, F::PadFuncOptions(padding));
  const torch::Tensor small = F::avg_pool3d(padded, F::AvgPool3dFuncOptions(block).stride(block));  // [N, K, x, y, z]
  const torch::Tensor flat = features.flatten(2).transpose(1, 2);                                   // [N, v, d]
  torch::Tensor vectors = torch::matmul(small.flatten(2), flat);                                    // [N, K, d], sums
  if (options.pool == "masked")
    vectors = vectors / (small.flatten(2).sum(-1, true) + 1e-8);
  else
    vectors = vectors / static_cast<double>(flat.size(1));
  return options.normalise ? F::normalize(vectors, F::NormalizeFuncOptions().dim(-1)) : vectors;
}

torch::Tensor alignment_loss(const torch::Tensor& features, const torch::Tensor& maps, const torch::Tensor& text,
                             const AlignmentOptions& options) {
  return (text.unsqueeze(0) - class_vectors(features, maps, options)).square().sum({1, 2}).mean();
}

}  // namespace tss
