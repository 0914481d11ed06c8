#include "textsemiseg/modules/text_decoder.h"

namespace tss {

TextDecoderImpl::TextDecoderImpl(const VNetOptions& options, UpSampling up, const MultiplanarOptions& text_block)
    : VNetDecoderImpl(options, up) {
  text_block_ = register_module("attn_x5", MultiplanarRepresentation(text_block));
  projection_ = register_module(
      "projection_head", torch::nn::Conv3d(torch::nn::Conv3dOptions(options.widths.back(), text_block.text_dimension, 1)));
}

TextDecoderOutput TextDecoderImpl::forward_with_text(const Skips& skips, const torch::Tensor& text) {
  Skips enhanced = skips;
  // The block adds the feature once more than Eq. 3 does, as released.
  enhanced.back() = text_block_->forward(skips.back(), text) + skips.back();
  return {forward(enhanced).logits, projection_->forward(enhanced.back())};
}

TextVNetImpl::TextVNetImpl(const VNetOptions& options, const MultiplanarOptions& text_block)
    : side_multiple_(options.side_multiple()) {
  encoder_ = register_module("encoder", VNetEncoder(options));
  decoders_[0] = register_module("decoder1", TextDecoder(options, UpSampling::kTransposed, text_block));
  decoders_[1] = register_module("decoder2", TextDecoder(options, UpSampling::kTrilinear, text_block));
}

TextVNetOutput TextVNetImpl::forward(const torch::Tensor& x, const torch::Tensor& text) {
  const Skips skips = encoder_->forward(pad_to_multiple(x, side_multiple_));
  TextVNetOutput out;
  for (size_t i = 0; i < 2; ++i) {
    TextDecoderOutput one = decoders_[i]->forward_with_text(skips, text);
    out.logits[i] = crop_like(one.logits, x);
    out.features[i] = one.projected;
  }
  return out;
}

torch::Tensor TextVNetImpl::forward_first(const torch::Tensor& x, const torch::Tensor& text) {
  return crop_like(decoders_[0]->forward_with_text(encoder_->forward(pad_to_multiple(x, side_multiple_)), text).logits, x);
}

}  // namespace tss
