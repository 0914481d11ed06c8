#include "textsemiseg/methods/released/two_task_text_vnet.h"

namespace tss {

TwoTaskTextVNetImpl::TwoTaskTextVNetImpl(const VNetOptions& options, const MultiplanarOptions& text_block)
    : side_multiple_(options.side_multiple()),
      encoder_(register_module("encoder", VNetEncoder(options))),
      decoder_(register_module("decoder1", TextDecoder(options, UpSampling::kTransposed, text_block,
                                                       text_block.released_parameters ? options.classes - 1 : 0))),
      heads_(*this, options.widths[0], options.classes) {}

TwoTaskTextOutput TwoTaskTextVNetImpl::forward(const torch::Tensor& x, const torch::Tensor& text) {
  const TextDecoderOutput decoded = decoder_->forward_with_text(encoder_->forward(pad_to_multiple(x, side_multiple_)), text);
  return {heads_.forward(crop_like(decoded.feature, x)), decoded.projected};
}

torch::Tensor TwoTaskTextVNetImpl::segmentation(const torch::Tensor& x, const torch::Tensor& text) {
  const TextDecoderOutput decoded = decoder_->forward_with_text(encoder_->forward(pad_to_multiple(x, side_multiple_)), text);
  return heads_.segmentation(crop_like(decoded.feature, x));
}

}  // namespace tss
