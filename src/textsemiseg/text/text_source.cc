#include "textsemiseg/text/text_source.h"

#include <utility>

namespace tss {

void TextSource::to(torch::Device device, torch::Dtype dtype, bool non_blocking) {
  Module::to(device, dtype, non_blocking);
  move_frozen(torch::TensorOptions().device(device).dtype(dtype));
}

void TextSource::to(torch::Dtype dtype, bool non_blocking) {
  Module::to(dtype, non_blocking);
  move_frozen(torch::TensorOptions().dtype(dtype));
}

void TextSource::to(torch::Device device, bool non_blocking) {
  Module::to(device, non_blocking);
  move_frozen(torch::TensorOptions().device(device));
}

FixedText::FixedText(const torch::Tensor& features, std::vector<ClassText> classes, bool trainable)
    : features_(features.detach().clone()), classes_(std::move(classes)), trainable_(trainable) {
  TORCH_CHECK(features_.dim() == 2 && features_.size(0) == static_cast<int64_t>(classes_.size()), "features of shape ",
              features_.sizes(), " for ", classes_.size(), " classes");
  if (trainable_) features_ = register_parameter("features", features_);
}

torch::Tensor FixedText::features() {
  return torch::nn::functional::normalize(features_, torch::nn::functional::NormalizeFuncOptions().dim(1));
}

void FixedText::move_frozen(const torch::TensorOptions& target) {
  if (!trainable_) features_ = features_.to(target);
}

}  // namespace tss
