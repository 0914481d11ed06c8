#include "textsemiseg/methods/text_method.h"

#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/weights/safetensors.h"

namespace tss {

TextMethod::TextMethod(const std::string& method, std::shared_ptr<TextSource> text, bool used)
    : text_(used ? std::move(text) : nullptr) {
  if (used && !text_) throw InputError("text", "no text source", "one, because " + method + " needs class texts");
}

void TextMethod::register_text() {
  if (text_) register_module("text", text_);
}

torch::Tensor TextMethod::training_texts() {
  prediction_texts_ = torch::Tensor();
  return text_ ? text_->features() : torch::Tensor();
}

torch::Tensor TextMethod::prediction_texts() {
  begin_prediction();
  return prediction_texts_;
}

void TextMethod::begin_prediction() {
  if (!prediction_texts_.defined()) prediction_texts_ = class_texts();
}

void TextMethod::set_class_texts(const torch::Tensor& features) {
  if (!text_) return;
  const auto wanted = class_texts().sizes().vec();
  if (features.sizes() != at::IntArrayRef(wanted))
    throw InputError("class texts", "have shape " + shape_text(features.sizes()), shape_text(wanted));
  prediction_texts_ = features;
}

torch::Tensor TextMethod::class_texts() {
  if (!text_) return {};
  torch::NoGradGuard no_grad;
  return prediction_texts_.defined() ? prediction_texts_ : text_->features().detach();
}

}  // namespace tss
