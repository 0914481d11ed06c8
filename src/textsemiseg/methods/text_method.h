// What the methods with class texts share: the source that is trained with them, and the features that prediction holds on to.
// Methods that take texts as an option derive from it too: without texts all of it does nothing.
#pragma once

#include <memory>
#include <string>

#include "textsemiseg/methods/method.h"

namespace tss {

class TextMethod : public Method {
 public:
  void begin_prediction() override;
  void set_class_texts(const torch::Tensor& features) override;  // [K, d]; throws InputError for another shape
  torch::Tensor class_texts() override;

 protected:
  // Throws InputError when texts are used and there is no source. `method`: for that message.
  TextMethod(const std::string& method, std::shared_ptr<TextSource> text, bool used = true);
  // To be called at the end of a constructor: modules keep the order of the published checkpoints.
  void register_text();
  int64_t text_dimension() const { return text_->dimension(); }

  // Both undefined without texts.
  torch::Tensor training_texts();    // [K, d], differentiable; what was set for prediction is forgotten
  torch::Tensor prediction_texts();  // [K, d], computed once per run of predict()

 private:
  std::shared_ptr<TextSource> text_;
  torch::Tensor prediction_texts_;  // [K, d], set between begin_prediction and the next training step
};

}  // namespace tss
