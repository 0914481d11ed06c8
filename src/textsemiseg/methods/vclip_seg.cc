#include "textsemiseg/methods/vclip_seg.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

namespace F = torch::nn::functional;

void VclipSegOptions::check() const {
  MutualOptions::check("vclip_seg");
  check_weight("vclip_seg.similarity_weight", similarity_weight);
  check_weight("vclip_seg.text_scale", text_scale);
}

VclipSeg::VclipSeg(const VclipSegOptions& options, const MethodSetup& setup)
    : TextMethod("vclip_seg", setup.text), options_(options) {
  VclipOptions network;
  network.text_dimension = text_dimension();
  network.projection_norm = options.variant == "reference" ? "depth" : "channels";
  network_ = register_module("network", VclipVNet(setup.network, network));
  register_text();
  if (options.train_text) return;
  for (auto& parameter : setup.text->parameters()) parameter.set_requires_grad(false);
}

VclipSegLoss vclip_seg_loss(const VclipSegOptions& options, const VclipOutput& output, const torch::Tensor& label,
                            const torch::Tensor& text, int64_t block, int64_t iteration, int64_t iterations) {
  const int64_t labelled = label.size(0);
  const DecoderDice decoders =
      decoder_dice({output.logits.begin(), output.logits.end()}, label, absent_class_of(options.variant, options.absent_class));
  VclipSegLoss loss;
  loss.dynamic = dynamic_labels(decoders.probabilities, decoders.dice);
  torch::Tensor consistency;
  std::vector<torch::Tensor> projected, predicted;
  for (size_t i = 0; i < 2; ++i) {
    add_to(consistency, F::cross_entropy(output.logits[i], loss.dynamic.label) +
                            dice_loss_linear(decoders.probabilities[i], loss.dynamic.label));
    projected.push_back(output.projected[i].narrow(0, 0, labelled));
    predicted.push_back(at_deepest_positions(output.logits[i].detach().narrow(0, 0, labelled).argmax(1), block));
  }
  loss.similarity = text_similarity(projected, predicted, at_deepest_positions(label, block), text);
  static_cast<MutualLoss&>(loss) = mutual_loss(options, decoders.sum, consistency, iteration, iterations);
  loss.total = loss.total + options.similarity_weight * loss.similarity.loss;
  return loss;
}

void VclipSeg::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts() * options_.text_scale;
  const VclipSegLoss loss = vclip_seg_loss(options_, network_->forward(batch.image, text), batch.label, text, network_->block(),
                                           context.iteration(), context.iterations());
  context.log("similarity_loss", loss.similarity.loss);
  context.log("aligned_classes", (loss.similarity.agreeing > 0).sum());
  minimise(loss, context);
}

torch::Tensor VclipSeg::predict(const torch::Tensor& windows) {
  return torch::softmax(network_->forward_first(windows, prediction_texts() * options_.text_scale), 1);
}

}  // namespace tss
