#include "textsemiseg/networks/blocks.h"

#include <ATen/autocast_mode.h>

namespace tss {

namespace nn = torch::nn;

void push_norm_relu(nn::Sequential& sequence, int64_t width, const std::string& normalisation) {
  if (normalisation == "batch") sequence->push_back(nn::BatchNorm3d(width));
  if (normalisation == "instance" || normalisation == "instance_affine")
    sequence->push_back(nn::InstanceNorm3d(nn::InstanceNorm3dOptions(width).affine(normalisation == "instance_affine")));
  sequence->push_back(nn::ReLU(nn::ReLUOptions().inplace(true)));
}

nn::Sequential convolutions(int64_t count, int64_t in, int64_t out, const std::string& normalisation) {
  nn::Sequential sequence;
  for (int64_t i = 0; i < count; ++i) {
    sequence->push_back(nn::Conv3d(nn::Conv3dOptions(i == 0 ? in : out, out, 3).padding(1)));
    push_norm_relu(sequence, out, normalisation);
  }
  return sequence;
}

nn::Conv3d output_head(int64_t in, int64_t outputs) { return nn::Conv3d(nn::Conv3dOptions(in, outputs, 1)); }

torch::Tensor full_precision(const torch::Tensor& logits) {
  const bool half = logits.scalar_type() == torch::kBFloat16 || logits.scalar_type() == torch::kHalf;
  return half ? logits.to(torch::kFloat32) : logits;
}

void kaiming_normal(nn::Module& module) {
  torch::NoGradGuard no_grad;
  for (const auto& child : module.modules(false)) {
    if (auto* one = child->as<nn::Conv3d>()) nn::init::kaiming_normal_(one->weight);
    if (auto* one = child->as<nn::ConvTranspose3d>()) nn::init::kaiming_normal_(one->weight);
  }
}

AutocastOff::AutocastOff(torch::DeviceType device) : device_(device), before_(at::autocast::is_autocast_enabled(device)) {
  at::autocast::set_autocast_enabled(device_, false);
}

AutocastOff::~AutocastOff() { at::autocast::set_autocast_enabled(device_, before_); }

}  // namespace tss
