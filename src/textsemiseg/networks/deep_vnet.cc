#include "textsemiseg/networks/deep_vnet.h"

#include "textsemiseg/base/strings.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

DeepVNetImpl::DeepVNetImpl(const VNetOptions& options, bool deep) : VNetImpl(options, {UpSampling::kTransposed}) {
  if (!deep) return;
  // The decoder has levels - 1 levels; the coarsest sees too little of an organ's outline to be worth a loss (nnU-Net).
  for (int64_t level = 1; level < options.levels() - 2; ++level)
    coarse_heads_.push_back(
        register_module(concat("deep_head", level), output_head(options.widths[static_cast<size_t>(level)], options.classes)));
}

std::vector<torch::Tensor> DeepVNetImpl::forward_levels(const torch::Tensor& x) {
  if (coarse_heads_.empty()) return {forward_one(x, 0)};
  const std::vector<torch::Tensor> features = decoders[0]->levels(encoder->forward(pad_to_multiple(x, side_multiple())));
  std::vector<torch::Tensor> logits = {crop_like(decoders[0]->logits_of(features[0]), x)};
  for (size_t i = 0; i < coarse_heads_.size(); ++i) {
    torch::Tensor coarse = full_precision(coarse_heads_[i]->forward(features[i + 1]));
    const int64_t step = int64_t{1} << (i + 1);
    for (int64_t axis = 2; axis < 5; ++axis) coarse = coarse.narrow(axis, 0, (x.size(axis) + step - 1) / step);
    logits.push_back(coarse);
  }
  return logits;
}

}  // namespace tss
