// Network of VCLIPSeg: a voxel-wise class prompt on the deepest feature, two decoders (types 0 and 1), and per decoder a projection of
// the deepest feature into the space of the texts (Li et al., MICCAI 2024; docs/methods.md#vclip_seg).
#pragma once

#include <array>
#include <string>

#include "textsemiseg/modules/voxel_prompt.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

struct VclipOptions {
  int64_t text_dimension = 512;
  // What the projections are normalised along: channels (unit vectors) | depth (the last spatial axis: the released slip).
  std::string projection_norm = "channels";
  void check() const;  // throws InputError naming the field
};

struct VclipOutput {
  std::array<torch::Tensor, 2> logits;     // [N, K, X, Y, Z]
  std::array<torch::Tensor, 2> projected;  // [N, P, d], P = x y z positions of the deepest feature, z fastest
  torch::Tensor class_weights;             // [N, x, y, z, K]: how much of each text every position takes
};

// Two convolutions of 1^3 with a ReLU between, C -> C -> d.
class ProjectionHeadImpl : public torch::nn::Module {
 public:
  ProjectionHeadImpl(int64_t channels, int64_t dimension);
  torch::Tensor forward(const torch::Tensor& feature);  // [N, C, x, y, z] -> [N, d, x, y, z]

 private:
  torch::nn::Sequential projection_{nullptr};
};
TORCH_MODULE(ProjectionHead);

class VclipVNetImpl : public torch::nn::Module {
 public:
  VclipVNetImpl(const VNetOptions& network, const VclipOptions& options);
  VclipOutput forward(const torch::Tensor& x, const torch::Tensor& text);          // x [N, C, X, Y, Z], any side; text [K, d]
  torch::Tensor forward_first(const torch::Tensor& x, const torch::Tensor& text);  // logits of decoder 1
  // Voxels of the input per position of the deepest feature and axis.
  int64_t block() const { return side_multiple_; }

 private:
  torch::Tensor project(size_t decoder, const torch::Tensor& deepest);

  int64_t side_multiple_;
  int64_t norm_axis_;
  VNetEncoder encoder_{nullptr};
  VoxelPrompt prompt_{nullptr};
  std::array<VNetDecoder, 2> decoders_{nullptr, nullptr};
  std::array<ProjectionHead, 2> projections_{nullptr, nullptr};
};
TORCH_MODULE(VclipVNet);

// Values at every block-th voxel of each axis, [N, X, Y, Z] -> [N, P]: nearest reduction to the positions of the deepest feature.
torch::Tensor at_deepest_positions(const torch::Tensor& label, int64_t block);

}  // namespace tss
