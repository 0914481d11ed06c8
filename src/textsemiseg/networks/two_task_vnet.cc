#include "textsemiseg/networks/two_task_vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

TwoTaskHeads::TwoTaskHeads(torch::nn::Module& owner, int64_t width, int64_t classes) {
  if (classes < 2) throw InputError("network.classes", concat("found ", classes), "at least 2, the background and one structure");
  distance_ = owner.register_module("out_conv", output_head(width, classes - 1));
  segmentation_ = owner.register_module("out_conv2", output_head(width, classes - 1));
}

TwoTaskOutput TwoTaskHeads::forward(const torch::Tensor& feature) {
  return {torch::tanh(full_precision(distance_->forward(feature))), segmentation(feature)};
}

torch::Tensor TwoTaskHeads::segmentation(const torch::Tensor& feature) { return full_precision(segmentation_->forward(feature)); }

TwoTaskVNetImpl::TwoTaskVNetImpl(const VNetOptions& options)
    : side_multiple_(options.side_multiple()),
      encoder_(register_module("encoder", VNetEncoder(options))),
      decoder_(register_module("decoder1", VNetDecoder(options, UpSampling::kTransposed, 0))),
      heads_(*this, options.widths[0], options.classes) {}

torch::Tensor TwoTaskVNetImpl::feature(const torch::Tensor& x) {
  return crop_like(decoder_->forward(encoder_->forward(pad_to_multiple(x, side_multiple_))).feature, x);
}

TwoTaskOutput TwoTaskVNetImpl::forward(const torch::Tensor& x) { return heads_.forward(feature(x)); }

torch::Tensor TwoTaskVNetImpl::segmentation(const torch::Tensor& x) { return heads_.segmentation(feature(x)); }

}  // namespace tss
