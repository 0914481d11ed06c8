#include "textsemiseg/methods/text_semiseg.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/pseudo_labels.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/methods/option_fields.h"

namespace tss {

void TextSemiSegOptions::check() const {
  check_variant("text_semiseg", variant);
  check_weight("text_semiseg.consistency_weight", consistency_weight);
  check_ramp("text_semiseg", ramp);
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

namespace {

// y^p of Eq. 5 and 7, [N, K, X, Y, Z] -> [N, X, Y, Z] int64, without gradient.
torch::Tensor pseudo_labels_of(const TextSemiSegOptions& options, const torch::Tensor& logits) {
  const torch::Tensor label = logits.detach().argmax(1);
  return options.pseudo_labels == "argmax" ? label : largest_component_per_class(label);
}

bool augments(const CognitiveAugmentationOptions& dca, int64_t iteration, int64_t iterations) {
  return dca.enabled && static_cast<double>(iteration) >= dca.start * static_cast<double>(iterations);
}

// L_mix (Eq. 8). forward: the weaker decoder's logits.
torch::Tensor mixed_loss(const Batch& batch, const torch::Tensor& pseudo,
                         const std::function<torch::Tensor(const torch::Tensor& x)>& forward) {
  const MixedPatches mixed = mix_foregrounds(batch.labelled_image(), batch.label, batch.unlabelled_image(), pseudo);
  const torch::Tensor logits = forward(torch::cat({mixed.image_l, mixed.image_u}));
  const int64_t n = mixed.image_l.size(0);
  return cross_entropy_and_dice(logits.narrow(0, 0, n), mixed.label_l) +
         cross_entropy_and_dice(logits.narrow(0, n, n), mixed.label_u);
}

}  // namespace

TextSemiSegLoss text_semiseg_loss(const TextSemiSegOptions& options, const Batch& batch, const TextSemiSegOutput& output,
                                  const DecoderForward& decode, int64_t iteration, int64_t iterations) {
  TextSemiSegLoss loss;
  const int64_t labelled = batch.labelled(), unlabelled = batch.image.size(0) - labelled;
  std::array<torch::Tensor, 2> unlabelled_logits, pseudo;
  for (size_t i = 0; i < 2; ++i) {
    loss.supervised[i] = cross_entropy_and_dice(output.logits[i].narrow(0, 0, labelled), batch.label);
    unlabelled_logits[i] = output.logits[i].narrow(0, labelled, unlabelled);
    pseudo[i] = pseudo_labels_of(options, unlabelled_logits[i]);
  }
  loss.total = loss.supervised[0] + loss.supervised[1];
  const Ramp ramp{.weight = options.consistency_weight, .share = 1, .published_epochs = 200};
  loss.consistency_weight = ramped_weight(ramp, ramp_variant("paper", options.ramp), iteration, iterations);
  if (unlabelled > 0) {
    loss.consistency =
        cross_entropy_and_dice(unlabelled_logits[0], pseudo[1]) + cross_entropy_and_dice(unlabelled_logits[1], pseudo[0]);
    loss.total = loss.total + loss.consistency_weight * loss.consistency;
  }
  loss.alignment = output.alignment;
  if (loss.alignment.defined()) loss.total = loss.total + loss.alignment;
  if (unlabelled == 0 || !augments(options.dca, iteration, iterations)) return loss;
  // Ties make decoder 2 the better one, as released.
  loss.better = (loss.supervised[0] < loss.supervised[1]).item<bool>() ? 0 : 1;
  loss.mixed = mixed_loss(batch, pseudo[loss.better], [&](const torch::Tensor& x) { return decode(x, 1 - loss.better); });
  loss.total = loss.total + loss.mixed;
  return loss;
}

TextSemiSeg::TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup)
    : TextMethod("text_semiseg", setup.text), options_(options), guidance_(setup.network) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear}));
  register_text();
  guidance_ = TextGuidance(*this, options.tmr, options.csa, setup.network, setup.patch, text_dimension());
}

TextSemiSegOutput TextSemiSeg::forward(const torch::Tensor& image, const torch::Tensor& text) {
  TextSemiSegOutput out;
  torch::Tensor deepest;
  const Skips skips = guidance_.encode(network_->encoder, image, text, &deepest);
  for (size_t i = 0; i < 2; ++i) out.logits[i] = crop_like(network_->decoders[i]->forward(skips).logits, image);
  if (guidance_.aligns())
    out.alignment = guidance_.alignment(deepest, {torch::softmax(out.logits[0], 1), torch::softmax(out.logits[1], 1)}, text);
  return out;
}

torch::Tensor TextSemiSeg::forward_one(const torch::Tensor& image, const torch::Tensor& text, size_t decoder) {
  const Skips skips = guidance_.encode(network_->encoder, image, text);
  return crop_like(network_->decoders[decoder]->forward(skips).logits, image);
}

torch::Tensor TextSemiSeg::forward_decoder_alone(const torch::Tensor& image, const torch::Tensor& text, size_t decoder) {
  Skips skips;
  {
    torch::NoGradGuard no_grad;
    skips = guidance_.encode(network_->encoder, image, text);
  }
  return crop_like(network_->decoders[decoder]->forward(skips).logits, image);
}

void TextSemiSeg::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  const auto decode = [&](const torch::Tensor& x, size_t decoder) {
    return options_.dca.updates == "decoder" ? forward_decoder_alone(x, text, decoder) : forward_one(x, text, decoder);
  };
  const TextSemiSegLoss loss =
      text_semiseg_loss(options_, batch, forward(batch.image, text), decode, context.iteration(), context.iterations());
  context.log("supervised_1", loss.supervised[0]);
  context.log("supervised_2", loss.supervised[1]);
  context.log("consistency_weight", loss.consistency_weight);
  if (loss.consistency.defined()) context.log("consistency", loss.consistency);
  if (loss.alignment.defined()) context.log("alignment", loss.alignment);
  context.log("mixing", loss.mixed.defined() ? 1.0 : 0.0);
  if (loss.mixed.defined()) {
    context.log("mixed", loss.mixed);
    context.log("better_decoder", static_cast<double>(loss.better + 1));
  }
  context.log("loss", loss.total);
  context.minimise("all", loss.total);
}

torch::Tensor TextSemiSeg::predict(const torch::Tensor& windows) {
  return torch::softmax(forward_one(windows, prediction_texts(), 0), 1);
}

}  // namespace tss
