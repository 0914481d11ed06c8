#include "textsemiseg/networks/residual_vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

namespace nn = torch::nn;

namespace {

constexpr int64_t kBlocks[] = {3, 4, 6, 3};  // of ResNet-34; deeper networks go on with 3

int64_t blocks_of(size_t stage) { return stage < std::size(kBlocks) ? kBlocks[stage] : 3; }

nn::Conv3d convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride) {
  return nn::Conv3d(nn::Conv3dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

}  // namespace

BasicBlockImpl::BasicBlockImpl(int64_t in, int64_t out, int64_t stride) {
  conv1_ = register_module("conv1", convolution(in, out, 3, stride));
  bn1_ = register_module("bn1", nn::BatchNorm3d(out));
  conv2_ = register_module("conv2", convolution(out, out, 3, 1));
  bn2_ = register_module("bn2", nn::BatchNorm3d(out));
  if (stride != 1 || in != out)
    shortcut_ = register_module("downsample", nn::Sequential(convolution(in, out, 1, stride), nn::BatchNorm3d(out)));
}

torch::Tensor BasicBlockImpl::forward(const torch::Tensor& x) {
  const auto first = [&] {
    if (x.device().is_cpu() && x.size(4) <= 2 && conv1_->options.stride()->at(2) == 2) {  // the last axis comes down to one voxel
      const AutocastOff single(x.device().type());
      return conv1_->forward(x.to(conv1_->weight.scalar_type()));
    }
    return conv1_->forward(x);
  };
  const torch::Tensor inner = torch::relu(bn1_->forward(first()));
  return torch::relu(bn2_->forward(conv2_->forward(inner)) + (shortcut_ ? shortcut_->forward(x) : x));
}

ResidualEncoderImpl::ResidualEncoderImpl(const VNetOptions& options) {
  options.check();
  conv1_ = register_module("conv1", convolution(options.in_channels, options.widths[0], 7, 1));
  bn1_ = register_module("bn1", nn::BatchNorm3d(options.widths[0]));
  for (size_t stage = 0; stage + 1 < options.widths.size(); ++stage) {
    nn::Sequential blocks;
    for (int64_t i = 0; i < blocks_of(stage); ++i) {
      const int64_t in = options.widths[i == 0 ? stage : stage + 1];
      blocks->push_back(BasicBlock(in, options.widths[stage + 1], i == 0 ? 2 : 1));
    }
    stages_.push_back(register_module(concat("layer", stage + 1), blocks));
  }
}

Skips ResidualEncoderImpl::forward(const torch::Tensor& x) {
  Skips skips = {torch::relu(bn1_->forward(conv1_->forward(x)))};
  for (auto& stage : stages_) skips.push_back(stage->forward(skips.back()));
  return skips;
}

ResidualVNetImpl::ResidualVNetImpl(const VNetOptions& options) : side_multiple_(options.side_multiple()) {
  if (options.normalisation != "batch")
    throw InputError("network.normalisation", "found '" + options.normalisation + "'",
                     "batch, the only one of the residual network");
  encoder_ = register_module("resnet_encoder", ResidualEncoder(options));
  decoder_ = register_module("decoder1", VNetDecoder(options, UpSampling::kTransposed));
}

torch::Tensor ResidualVNetImpl::forward(const torch::Tensor& x) {
  return crop_like(decoder_->forward(encoder_->forward(pad_to_multiple(x, side_multiple_))).logits, x);
}

}  // namespace tss
