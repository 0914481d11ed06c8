#include "textsemiseg/modules/text_guidance.h"

#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

void FusionOptions::check(const std::string& section) const {
  if (fusion != "multiplanar" && fusion != "repeat" && fusion != "none")
    throw InputError(section + ".fusion", "found '" + fusion + "'", "multiplanar, repeat or none");
  if (!std::isfinite(text_scale)) throw InputError(section + ".text_scale", concat("found ", text_scale), "a finite number");
  MultiplanarOptions block;
  block.attention = attention;
  block.dimension = dimension;
  block.heads = heads;
  block.dropout = dropout;
  block.check();
}

TextGuidance::TextGuidance(torch::nn::Module& owner, const FusionOptions& tmr, const AlignmentOptions& csa,
                           const VNetOptions& network, const std::array<int64_t, 3>& patch, int64_t text_dimension)
    : csa_(csa), text_scale_(tmr.text_scale), side_multiple_(network.side_multiple()) {
  const int64_t channels = network.widths.back();
  if (tmr.fusion == "multiplanar") {
    MultiplanarOptions block;
    block.channels = channels;
    block.size = network.deepest_sides(patch);
    block.text_dimension = text_dimension;
    block.dimension = tmr.dimension;
    block.heads = tmr.heads;
    block.dropout = tmr.dropout;
    block.attention = tmr.attention;
    tmr_ = owner.register_module("tmr", MultiplanarRepresentation(block));
  } else if (tmr.fusion == "repeat") {
    prompt_ = owner.register_module("prompt", VoxelPrompt(channels, network.classes, text_dimension));
  }
  if (csa.enabled)
    projection_ = owner.register_module("projection", torch::nn::Conv3d(torch::nn::Conv3dOptions(channels, text_dimension, 1)));
}

Skips TextGuidance::encode(VNetEncoder& encoder, const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest) {
  Skips skips = encoder->forward(pad_to_multiple(x, side_multiple_));
  if (deepest) *deepest = skips.back();
  if (tmr_) skips.back() = tmr_->forward(skips.back(), text * text_scale_);
  if (prompt_) skips.back() = prompt_->forward(skips.back(), text * text_scale_);
  return skips;
}

torch::Tensor TextGuidance::alignment(const torch::Tensor& deepest, const std::vector<torch::Tensor>& maps,
                                      const torch::Tensor& text) {
  const torch::Tensor projected = projection_->forward(deepest).to(text.scalar_type());
  torch::Tensor sum;
  for (const auto& one : maps) {
    const torch::Tensor term = alignment_loss(projected, one, text, side_multiple_, csa_);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace tss
