#include "textsemiseg/methods/text_semiseg.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/losses/ramps.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/methods/option_fields.h"

namespace tss {

void TextSemiSegOptions::check() const {
  check_variant("text_semiseg", variant);
  check_weight("text_semiseg.consistency_weight", consistency_weight);
  if (pseudo_labels != "argmax" && pseudo_labels != "largest_component")
    throw InputError("text_semiseg.pseudo_labels", "found '" + pseudo_labels + "'", "argmax or largest_component");
  tmr.check("text_semiseg.tmr");
  csa.check();
  dca.check();
  if (variant != "reference") return;
  TextSemiSegOptions released;
  released.variant = variant;
  released.consistency_weight = consistency_weight;
  released.tmr.dropout = tmr.dropout;
  require_released("text_semiseg", *this, released);
}

TextSemiSeg::TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup)
    : TextMethod("text_semiseg", setup.text), options_(options), guidance_(setup.network) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear}));
  register_text();
  guidance_ = TextGuidance(*this, options.tmr, options.csa, setup.network, setup.patch, text_dimension());
}

void TextSemiSeg::train_step(const Batch& batch, Context& context) {
  const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
  const torch::Tensor text = training_texts();
  torch::Tensor deepest;
  const Skips skips = guidance_.encode(network_->encoder, batch.image, text, &deepest);

  std::array<torch::Tensor, 2> logits, supervised, pseudo;
  for (size_t i = 0; i < 2; ++i) {
    logits[i] = crop_like(network_->decoders[i]->forward(skips).logits, batch.image);
    supervised[i] = cross_entropy_and_dice(logits[i].narrow(0, 0, labelled), batch.label);
    pseudo[i] = hard_labels(logits[i].narrow(0, labelled, unlabelled));
  }
  torch::Tensor loss = supervised[0] + supervised[1];
  context.log("supervised_1", supervised[0]);
  context.log("supervised_2", supervised[1]);

  const double weight = options_.consistency_weight *
                        gaussian_ramp(static_cast<double>(context.iteration() + 1), static_cast<double>(context.iterations()));
  context.log("consistency_weight", weight);
  if (unlabelled > 0) {
    torch::Tensor consistency;
    for (size_t i = 0; i < 2; ++i) {
      const torch::Tensor term = cross_entropy_and_dice(logits[i].narrow(0, labelled, unlabelled), pseudo[1 - i]);
      consistency = i == 0 ? term : consistency + term;
    }
    context.log("consistency", consistency);
    loss = loss + weight * consistency;
  }

  if (guidance_.aligns()) {
    const torch::Tensor alignment =
        guidance_.alignment(deepest, {torch::softmax(logits[0], 1), torch::softmax(logits[1], 1)}, text);
    context.log("alignment", alignment);
    loss = loss + alignment;
  }

  const bool mixing = options_.dca.enabled && unlabelled > 0 &&
                      static_cast<double>(context.iteration()) >= options_.dca.start * static_cast<double>(context.iterations());
  context.log("mixing", mixing ? 1.0 : 0.0);
  if (mixing) {
    // Ties make decoder 2 the better one, as released.
    const size_t better = (supervised[0] < supervised[1]).item<bool>() ? 0 : 1;
    const torch::Tensor mixed = mixed_loss(batch, pseudo[better], 1 - better, text);
    context.log("mixed", mixed);
    context.log("better_decoder", static_cast<double>(better + 1));
    loss = loss + mixed;
  }
  context.log("loss", loss);
  context.minimise("all", loss);
}

torch::Tensor TextSemiSeg::hard_labels(const torch::Tensor& logits) const {
  const torch::Tensor label = logits.detach().argmax(1);
  return options_.pseudo_labels == "argmax" ? label : largest_component_per_class(label);
}

torch::Tensor TextSemiSeg::mixed_loss(const Batch& batch, const torch::Tensor& pseudo, size_t weaker, const torch::Tensor& text) {
  const MixedPatches mixed = mix_foregrounds(batch.labelled_image(), batch.label, batch.unlabelled_image(), pseudo);
  const torch::Tensor image = torch::cat({mixed.image_l, mixed.image_u});
  const Skips skips = guidance_.encode(network_->encoder, image, text);
  const torch::Tensor logits = crop_like(network_->decoders[weaker]->forward(skips).logits, image);
  const int64_t n = mixed.image_l.size(0);
  return cross_entropy_and_dice(logits.narrow(0, 0, n), mixed.label_l) +
         cross_entropy_and_dice(logits.narrow(0, n, n), mixed.label_u);
}

torch::Tensor TextSemiSeg::predict(const torch::Tensor& windows) {
  const Skips skips = guidance_.encode(network_->encoder, windows, prediction_texts());
  return torch::softmax(crop_like(network_->decoders[0]->forward(skips).logits, windows), 1);
}

}  // namespace tss
