#include "textsemiseg/networks/critic.h"

#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

namespace nn = torch::nn;

namespace {

constexpr int64_t kWidths[] = {16, 32, 64, 96, 128};

nn::Conv3d halving(int64_t in, int64_t out) { return nn::Conv3d(nn::Conv3dOptions(in, out, 3).stride(2).padding(1)); }

}  // namespace

CriticImpl::CriticImpl(int64_t image_channels, int64_t mask_channels) {
  mask_ = register_module("conv0", halving(mask_channels, kWidths[0]));
  image_ = register_module("conv1", halving(image_channels, kWidths[0]));
  for (size_t i = 1; i < std::size(kWidths); ++i)
    convolutions_.push_back(register_module(concat("conv", i + 1), halving(kWidths[i - 1], kWidths[i])));
  classifier_ = register_module("classifier", nn::Linear(kWidths[std::size(kWidths) - 1], 2));
}

torch::Tensor CriticImpl::forward(const torch::Tensor& mask, const torch::Tensor& image) {
  // Its last convolutions meet axes of one voxel (see AutocastOff), and it costs little.
  const AutocastOff single(image.device().type());
  torch::Tensor current = mask_->forward(mask) + image_->forward(image);
  for (auto& convolution : convolutions_) current = torch::leaky_relu(convolution->forward(current), 0.2);
  return classifier_->forward(current.flatten(2).amax(2));
}

}  // namespace tss
