#include "textsemiseg/modules/vclip_vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

namespace nn = torch::nn;
namespace F = torch::nn::functional;

void VclipOptions::check() const {
  if (projection_norm != "channels" && projection_norm != "depth")
    throw InputError("vclip_seg.projection_norm", "found '" + projection_norm + "'", "channels or depth");
  if (text_dimension < 1) throw InputError("vclip_seg.text_dimension", concat("found ", text_dimension), "at least 1");
}

ProjectionHeadImpl::ProjectionHeadImpl(int64_t channels, int64_t dimension) {
  const auto convolution = [](int64_t in, int64_t out) { return nn::Conv3d(nn::Conv3dOptions(in, out, 1)); };
  projection_ = register_module("proj", nn::Sequential(convolution(channels, channels), nn::ReLU(nn::ReLUOptions().inplace(true)),
                                                       convolution(channels, dimension)));
}

torch::Tensor ProjectionHeadImpl::forward(const torch::Tensor& feature) { return projection_->forward(feature); }

VclipVNetImpl::VclipVNetImpl(const VNetOptions& network, const VclipOptions& options)
    : side_multiple_(network.side_multiple()), norm_axis_(options.projection_norm == "channels" ? 1 : -1) {
  options.check();
  const int64_t channels = network.widths.back();
  encoder_ = register_module("encoder", VNetEncoder(network));
  prompt_ = register_module("prompt", VoxelPrompt(channels, network.classes, options.text_dimension));
  const std::array types = {UpSampling::kTransposed, UpSampling::kTrilinear};
  for (size_t i = 0; i < 2; ++i) {
    decoders_[i] = register_module(concat("decoder", i + 1), VNetDecoder(network, types[i]));
    // The published names put the head below the decoder, which does not read it.
    projections_[i] = decoders_[i]->register_module("proj_header", ProjectionHead(channels, options.text_dimension));
  }
}

torch::Tensor VclipVNetImpl::project(size_t decoder, const torch::Tensor& deepest) {
  const torch::Tensor projected = full_precision(projections_[decoder]->forward(deepest));
  return F::normalize(projected, F::NormalizeFuncOptions().dim(norm_axis_)).flatten(2).transpose(1, 2);
}

VclipOutput VclipVNetImpl::forward(const torch::Tensor& x, const torch::Tensor& text) {
  Skips skips = encoder_->forward(pad_to_multiple(x, side_multiple_));
  VclipOutput out;
  out.class_weights = prompt_->class_weights(skips.back());
  skips.back() = prompt_->forward(skips.back(), text, out.class_weights);
  for (size_t i = 0; i < 2; ++i) {
    out.projected[i] = project(i, skips.back());
    out.logits[i] = crop_like(decoders_[i]->forward(skips).logits, x);
  }
  return out;
}

torch::Tensor VclipVNetImpl::forward_first(const torch::Tensor& x, const torch::Tensor& text) {
  Skips skips = encoder_->forward(pad_to_multiple(x, side_multiple_));
  skips.back() = prompt_->forward(skips.back(), text);
  return crop_like(decoders_[0]->forward(skips).logits, x);
}

torch::Tensor at_deepest_positions(const torch::Tensor& label, int64_t block) {
  const auto every = [&](int64_t axis, const torch::Tensor& y) { return y.slice(axis, 0, y.size(axis), block); };
  return every(3, every(2, every(1, label))).flatten(1);
}

}  // namespace tss
