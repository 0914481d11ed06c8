#include "textsemiseg/methods/released/text_decoder.h"

#include "textsemiseg/base/strings.h"

namespace tss {

TextDecoderImpl::TextDecoderImpl(const VNetOptions& options, UpSampling up, const MultiplanarOptions& text_block)
    : TextDecoderImpl(options, up, text_block, options.classes) {}

TextDecoderImpl::TextDecoderImpl(const VNetOptions& options, UpSampling up, const MultiplanarOptions& text_block, int64_t outputs)
    : VNetDecoderImpl(options, up, outputs) {
  text_block_ = register_module("attn_x5", MultiplanarRepresentation(text_block));
  projection_ = register_module("projection_head",
                                torch::nn::Conv3d(torch::nn::Conv3dOptions(options.widths.back(), text_block.text_dimension, 1)));
}

TextDecoderOutput TextDecoderImpl::forward_with_text(const Skips& skips, const torch::Tensor& text) {
  Skips enhanced = skips;
  // The block adds the feature once more than Eq. 3 does, as released.
  enhanced.back() = text_block_->forward(skips.back(), text) + skips.back();
  const DecoderOutput decoded = forward(enhanced);
  return {decoded.logits, decoded.feature, projection_->forward(enhanced.back())};
}

TextVNetImpl::TextVNetImpl(const VNetOptions& options, const MultiplanarOptions& text_block,
                           const std::vector<UpSampling>& decoders)
    : side_multiple_(options.side_multiple()) {
  encoder_ = register_module("encoder", VNetEncoder(options));
  for (size_t i = 0; i < decoders.size(); ++i)
    decoders_.push_back(register_module(concat("decoder", i + 1), TextDecoder(options, decoders[i], text_block)));
}

TextVNetOutput TextVNetImpl::forward(const torch::Tensor& x, const torch::Tensor& text) {
  const Skips skips = encoder_->forward(pad_to_multiple(x, side_multiple_));
  TextVNetOutput out;
  for (auto& decoder : decoders_) {
    const TextDecoderOutput one = decoder->forward_with_text(skips, text);
    out.logits.push_back(crop_like(one.logits, x));
    out.features.push_back(one.projected);
  }
  return out;
}

torch::Tensor TextVNetImpl::forward_first(const torch::Tensor& x, const torch::Tensor& text) {
  return crop_like(decoders_.at(0)->forward_with_text(encoder_->forward(pad_to_multiple(x, side_multiple_)), text).logits, x);
}

}  // namespace tss
