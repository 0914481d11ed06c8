#include "textsemiseg/methods/released/ua_mt_text.h"

#include "textsemiseg/methods/released/released_guidance.h"
#include "textsemiseg/modules/ema.h"

namespace tss {

UaMtTextReleased::UaMtTextReleased(const UaMtOptions& options, const MethodSetup& setup)
    : TextMethod("ua_mt", setup.text), options_(options) {
  dropout_.passes = options.passes;
  const auto block = released_text_block(setup.network, setup.patch, text_dimension(), options.tmr.dropout);
  student_ = register_module("network", TextVNet(setup.network, block, std::vector{UpSampling::kTransposed}));
  teacher_ = register_module("teacher", TextVNet(setup.network, block, std::vector{UpSampling::kTransposed}));
  start_average(*teacher_, *student_);
  register_text();
}

void UaMtTextReleased::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  const TextVNetOutput student = student_->forward(batch.image, text);
  const torch::Tensor& logits = student.logits[0];
  const TeacherPrediction teacher =
      ask_teacher([&](const torch::Tensor& x) { return teacher_->forward_first(x, text); }, batch.unlabelled_image(), dropout_);
  const UaMtLoss loss = ua_mt_loss(options_, logits, batch.label, teacher, context.iteration(), context.iterations());
  const torch::Tensor vectors = released_class_vectors(torch::sigmoid(logits), normalise_depth(student.features[0]));
  minimise(loss, released_alignment(vectors, text), context);
}

void UaMtTextReleased::after_step(int64_t iteration) {
  update_average(*teacher_, *student_, ema_factor(iteration, options_.teacher_decay));
}

torch::Tensor UaMtTextReleased::predict(const torch::Tensor& windows) {
  return torch::softmax(student_->forward_first(windows, prediction_texts()), 1);
}

}  // namespace tss
