#include "textsemiseg/modules/voxel_prompt.h"

namespace tss {

namespace nn = torch::nn;

namespace {

constexpr int64_t kReduced = 64, kHidden = 16;

nn::Sequential conv_norm_relu(int64_t in, int64_t out) {
  return nn::Sequential(nn::Conv3d(nn::Conv3dOptions(in, out, 3).padding(1)), nn::BatchNorm3d(out),
                        nn::LeakyReLU(nn::LeakyReLUOptions().negative_slope(0.01)));
}

}  // namespace

VoxelPromptImpl::VoxelPromptImpl(int64_t channels, int64_t classes, int64_t text_dimension) {
  reduce_ = register_module("reduce", conv_norm_relu(channels, kReduced));
  weigh_ = register_module("weigh", nn::Sequential(nn::Linear(kReduced, kHidden), nn::GELU(), nn::Linear(kHidden, classes)));
  text_ = register_module("text", nn::Linear(text_dimension, channels));
  merge_ = register_module("merge", conv_norm_relu(2 * channels, channels));
}

torch::Tensor VoxelPromptImpl::class_weights(const torch::Tensor& feature) {
  const torch::Tensor reduced = reduce_->forward(feature).permute({0, 2, 3, 4, 1});  // [N, X, Y, Z, 64]
  return torch::softmax(weigh_->forward(reduced), -1);
}

torch::Tensor VoxelPromptImpl::forward(const torch::Tensor& feature, const torch::Tensor& text) {
  return forward(feature, text, class_weights(feature));
}

torch::Tensor VoxelPromptImpl::forward(const torch::Tensor& feature, const torch::Tensor& text, const torch::Tensor& weights) {
  const torch::Tensor prompts = torch::matmul(weights, text_->forward(text));  // [N, X, Y, Z, C]
  return merge_->forward(torch::cat({feature, prompts.permute({0, 4, 1, 2, 3})}, 1));
}

}  // namespace tss
