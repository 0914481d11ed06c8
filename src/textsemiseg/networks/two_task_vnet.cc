#include "textsemiseg/networks/two_task_vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"
#include "textsemiseg/networks/run_block.h"

namespace tss {

TwoTaskHeads::TwoTaskHeads(torch::nn::Module& owner, int64_t width, int64_t classes) {
  if (classes < 2) throw InputError("network.classes", concat("found ", classes), "at least 2, the background and one structure");
  distance_ = owner.register_module("out_conv", output_head(width, classes - 1));
  segmentation_ = owner.register_module("out_conv2", output_head(width, classes - 1));
}

TwoTaskOutput TwoTaskHeads::forward(const torch::Tensor& feature) {
  return {torch::tanh(full_precision(run_head(*distance_, feature))), segmentation(feature)};
}

torch::Tensor TwoTaskHeads::segmentation(const torch::Tensor& feature) {
  return full_precision(run_head(*segmentation_, feature));
}

TwoTaskVNetImpl::TwoTaskVNetImpl(const VNetOptions& options)
    : encoder(register_module("encoder", VNetEncoder(options))),
      side_multiple_(options.side_multiple()),
      decoder_(register_module("decoder1", VNetDecoder(options, UpSampling::kTransposed, 0))),
      heads_(*this, options.widths[0], options.classes) {}

Skips TwoTaskVNetImpl::encode(const torch::Tensor& x) { return encoder->forward(pad_to_multiple(x, side_multiple_)); }

TwoTaskOutput TwoTaskVNetImpl::decode(const Skips& skips, const torch::Tensor& x) {
  return heads_.forward(crop_like(decoder_->forward(skips).feature, x));
}

torch::Tensor TwoTaskVNetImpl::decode_segmentation(const Skips& skips, const torch::Tensor& x) {
  return heads_.segmentation(crop_like(decoder_->forward(skips).feature, x));
}

TwoTaskOutput TwoTaskVNetImpl::forward(const torch::Tensor& x) { return decode(encode(x), x); }

torch::Tensor TwoTaskVNetImpl::segmentation(const torch::Tensor& x) { return decode_segmentation(encode(x), x); }

}  // namespace tss
