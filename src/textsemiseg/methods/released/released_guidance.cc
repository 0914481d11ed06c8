#include "textsemiseg/methods/released/released_guidance.h"

namespace tss {

namespace F = torch::nn::functional;

MultiplanarOptions released_text_block(const VNetOptions& network, const std::array<int64_t, 3>& patch, int64_t text_dimension,
                                       double dropout) {
  MultiplanarOptions block;
  block.channels = network.widths.back();
  block.size = block.patch = network.deepest_sides(patch);
  block.text_dimension = block.dimension = text_dimension;
  block.dropout = dropout;
  block.released_parameters = true;
  return block;
}

torch::Tensor released_class_vectors(const torch::Tensor& maps, const torch::Tensor& projected) {
  const torch::Tensor small = F::interpolate(
      maps, F::InterpolateFuncOptions().size(projected.sizes().slice(2).vec()).mode(torch::kTrilinear).align_corners(false));
  const double voxels = static_cast<double>(projected.size(2) * projected.size(3) * projected.size(4));
  return torch::matmul(small.flatten(2), projected.flatten(2).transpose(1, 2)) / voxels;  // [N, K, d]
}

torch::Tensor released_alignment(const torch::Tensor& vectors, const torch::Tensor& text) {
  return (vectors - text.unsqueeze(0)).square().mean();
}

torch::Tensor normalise_depth(const torch::Tensor& projected) { return projected / projected.norm(2, -1, true); }

}  // namespace tss
