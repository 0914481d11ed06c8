#include "textsemiseg/methods/released/dtc_text.h"

#include "textsemiseg/methods/released/released_guidance.h"

namespace tss {

DtcTextReleased::DtcTextReleased(const DtcOptions& options, const MethodSetup& setup)
    : TextMethod("dtc", setup.text), options_(options) {
  const auto block = released_text_block(setup.network, setup.patch, text_dimension(), options.tmr.dropout);
  network_ = register_module("network", TwoTaskTextVNet(setup.network, block));
  register_text();
}

void DtcTextReleased::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  const TwoTaskTextOutput out = network_->forward(batch.image, text);
  const DtcLoss loss = dtc_loss(options_, out.tasks, batch.label, context.iteration(), context.iterations());
  const torch::Tensor vectors = released_class_vectors(dtc_class_maps(out.tasks.logits), normalise_depth(out.projected));
  minimise(loss, released_alignment(vectors, text), context);
}

torch::Tensor DtcTextReleased::predict(const torch::Tensor& windows) {
  return dtc_class_maps(network_->segmentation(windows, prediction_texts()));
}

}  // namespace tss
