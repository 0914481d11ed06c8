#include "textsemiseg/networks/bcp_vnet.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

namespace nn = torch::nn;

namespace {

constexpr int64_t kHeadWidth = 32;

nn::Sequential unused_head(int64_t in, int64_t out) {
  return nn::Sequential(nn::Linear(in, kHeadWidth), nn::BatchNorm1d(kHeadWidth), nn::ReLU(), nn::Linear(kHeadWidth, out));
}

}  // namespace

BcpVNetImpl::BcpVNetImpl(const VNetOptions& options) : VNetImpl(options, {UpSampling::kTransposed}) {
  register_module("projection_head", unused_head(options.widths[0], kHeadWidth));
  register_module("prediction_head", unused_head(kHeadWidth, kHeadWidth));
  for (int64_t k = 0; k < options.classes; ++k) {
    register_module(concat("contrastive_class_selector_", k), unused_head(kHeadWidth, 1));
    register_module(concat("contrastive_class_selector_memory", k), unused_head(kHeadWidth, 1));
  }
}

BcpVNetImpl::Output BcpVNetImpl::forward_released(const torch::Tensor& x) {
  const Skips skips = encoder->forward(pad_to_multiple(x, side_multiple()));
  const torch::Tensor& deepest = skips.back();
  for (int64_t axis = 2; axis < 5; ++axis)
    if (deepest.size(axis) < 3)
      throw InputError("patch", concat("gives a deepest feature of ", deepest.size(axis), " voxels"),
                       concat("at least 3 (a side above ", 2 * side_multiple(), "), which the released network pools"));
  return {crop_like(decoders[0]->forward(skips).logits, x), torch::max_pool3d(deepest, 3, 2)};
}

}  // namespace tss
