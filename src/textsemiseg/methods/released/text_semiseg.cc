#include "textsemiseg/methods/released/text_semiseg.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/released/released_guidance.h"

namespace tss {

namespace F = torch::nn::functional;

namespace {

constexpr int64_t kMixingStart = 6000;
constexpr double kRampEpochs = 200;

torch::Tensor segmentation_loss(const torch::Tensor& logits, const torch::Tensor& label) {
  return F::cross_entropy(logits, label) + dice_loss_squared(torch::sigmoid(logits), label, 0, 1e-10);
}

}  // namespace

ReleasedStep text_semiseg_released_step(const TextSemiSegOptions& options, const Batch& batch, const torch::Tensor& text,
                                        const TextForward& forward, int64_t t) {
  ReleasedStep step;
  const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
  const TextVNetOutput out = forward(batch.image);
  for (size_t i = 0; i < 2; ++i) {
    step.supervised[i] = segmentation_loss(out.logits[i].narrow(0, 0, labelled), batch.label);
    const torch::Tensor foreground = torch::softmax(out.logits[i].detach().narrow(0, labelled, unlabelled), 1).select(1, 1);
    step.pseudo[i] = largest_component((foreground >= 0.5).to(torch::kInt64));
    // Only decoder 1's feature is normalised in the main pass, as released.
    step.class_vectors[i] =
        released_class_vectors(torch::sigmoid(out.logits[i]), i == 0 ? normalise_depth(out.features[0]) : out.features[1]);
  }
  for (size_t i = 0; i < 2; ++i)
    step.consistency[i] = unlabelled > 0 ? segmentation_loss(out.logits[i].narrow(0, labelled, unlabelled), step.pseudo[1 - i])
                                         : torch::zeros_like(step.supervised[i]);
  step.alignment = released_alignment(step.class_vectors[0], text) + released_alignment(step.class_vectors[1], text);
  step.consistency_weight = options.consistency_weight * published_ramp(t, kRampEpochs);
  step.loss = step.supervised[0] + step.supervised[1] + step.alignment +
              step.consistency_weight * (step.consistency[0] + step.consistency[1]);

  step.mixing = unlabelled > 0 && t > kMixingStart;
  if (!step.mixing) return step;
  const size_t better = (step.supervised[0] < step.supervised[1]).item<bool>() ? 0 : 1;
  step.better_decoder = static_cast<int>(better) + 1;
  const MixedPatches mixed = mix_foregrounds(batch.labelled_image(), batch.label, batch.unlabelled_image(), step.pseudo[better]);
  step.mixed_image = torch::cat({mixed.image_l, mixed.image_u});
  step.mixed_label = torch::cat({mixed.label_l, mixed.label_u});
  const TextVNetOutput again = forward(step.mixed_image);
  step.mixed_supervised = segmentation_loss(again.logits[1 - better], step.mixed_label);
  for (size_t i = 0; i < 2; ++i) {
    const torch::Tensor vectors = released_class_vectors(torch::sigmoid(again.logits[i]), normalise_depth(again.features[i]));
    add_to(step.mixed_alignment, released_alignment(vectors, text));
  }
  step.loss = step.loss + step.mixed_supervised + step.mixed_alignment;
  return step;
}

TextSemiSegReleased::TextSemiSegReleased(const TextSemiSegOptions& options, const MethodSetup& setup)
    : TextMethod("text_semiseg", setup.text), options_(options) {
  if (setup.network.classes != 2)
    throw InputError("text_semiseg.variant", concat("'reference' with ", setup.network.classes, " classes"),
                     "2 (the released code is binary); variant = \"paper\" takes any number");
  const MultiplanarOptions block = released_text_block(setup.network, setup.patch, text_dimension(), options.tmr.dropout);
  network_ = register_module("network", TextVNet(setup.network, block));
  register_text();
}

void TextSemiSegReleased::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  const ReleasedStep step = text_semiseg_released_step(
      options_, batch, text, [&](const torch::Tensor& image) { return network_->forward(image, text); }, context.iteration());
  for (size_t i = 0; i < 2; ++i) {
    context.log(concat("supervised_", i + 1), step.supervised[i]);
    context.log(concat("consistency_", i + 1), step.consistency[i]);
  }
  context.log("alignment", step.alignment);
  context.log("consistency_weight", step.consistency_weight);
  context.log("mixing", step.mixing ? 1.0 : 0.0);
  if (step.mixing) {
    context.log("better_decoder", static_cast<double>(step.better_decoder));
    context.log("mixed_supervised", step.mixed_supervised);
    context.log("mixed_alignment", step.mixed_alignment);
  }
  context.log("loss", step.loss);
  context.minimise("all", step.loss);
}

torch::Tensor TextSemiSegReleased::predict(const torch::Tensor& windows) {
  const torch::Tensor foreground = torch::sigmoid(network_->forward_first(windows, prediction_texts()).select(1, 1)).unsqueeze(1);
  return torch::cat({1 - foreground, foreground}, 1);
}

}  // namespace tss
