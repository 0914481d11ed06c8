#include "textsemiseg/methods/dtc.h"

#include <cmath>

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/signed_distance.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/methods/option_fields.h"

namespace tss {
namespace {

// One channel of zeros in front, for the background.
torch::Tensor with_background(const torch::Tensor& foreground) {
  return torch::cat({torch::zeros_like(foreground.narrow(1, 0, 1)), foreground}, 1);
}

}  // namespace

void DtcOptions::check() const {
  check_variant("dtc", variant);
  check_weight("dtc.distance_weight", distance_weight);
  check_weight("dtc.consistency_weight", consistency_weight);
  check_share("dtc.ramp_share", ramp_share);
  if (!(std::isfinite(steepness) && steepness > 0))
    throw InputError("dtc.steepness", concat("found ", steepness), "a number above 0");
  check_ramp("dtc", ramp);
  check_absent_class("dtc", absent_class);
  check_text_options("dtc", *this);
}

torch::Tensor dtc_class_maps(const torch::Tensor& logits) { return torch::softmax(with_background(logits), 1); }

DtcLoss dtc_loss(const DtcOptions& options, const TwoTaskOutput& output, const torch::Tensor& label, int64_t iteration,
                 int64_t iterations) {
  DtcLoss loss;
  const int64_t labelled = label.size(0), classes = output.logits.size(1) + 1;
  const torch::Tensor p = torch::sigmoid(output.logits);
  loss.dice = dice_loss_squared(with_background(p.narrow(0, 0, labelled)), label, 1, 1e-5,
                                absent_class_of(options.variant, options.absent_class));
  const torch::Tensor target = signed_distance_maps(label, classes).to(p.scalar_type());
  loss.sdf_mse = torch::mse_loss(output.distance.narrow(0, 0, labelled), target);
  loss.mask = mask_of_distance(output.distance, options.steepness);
  loss.consistency = torch::mse_loss(loss.mask, p);
  const Ramp ramp{.weight = options.consistency_weight, .share = options.ramp_share, .published_epochs = 40};
  loss.consistency_weight = ramped_weight(ramp, ramp_variant(options.variant, options.ramp), iteration, iterations);
  loss.total = loss.dice + options.distance_weight * loss.sdf_mse + loss.consistency_weight * loss.consistency;
  return loss;
}

void minimise(const DtcLoss& loss, const torch::Tensor& alignment, Context& context) {
  torch::Tensor total = loss.total;
  context.log("dice", loss.dice);
  context.log("sdf_mse", loss.sdf_mse);
  context.log("consistency", loss.consistency);
  context.log("consistency_weight", loss.consistency_weight);
  if (alignment.defined()) {
    context.log("alignment", alignment);
    total = total + alignment;
  }
  context.log("loss", total);
  context.minimise("all", total);
}

Dtc::Dtc(const DtcOptions& options, const MethodSetup& setup)
    : TextMethod("dtc", setup.text, options.text), options_(options), guidance_(setup.network) {
  network_ = register_module("network", TwoTaskVNet(setup.network));
  if (options.text) guidance_ = TextGuidance(*network_, options.tmr, options.csa, setup.network, setup.patch, text_dimension());
  register_text();
}

void Dtc::train_step(const Batch& batch, Context& context) {
  const torch::Tensor text = training_texts();
  torch::Tensor deepest, alignment;
  const Skips skips = guidance_.encode(network_->encoder, batch.image, text, &deepest);
  const TwoTaskOutput output = network_->decode(skips, batch.image);
  const DtcLoss loss = dtc_loss(options_, output, batch.label, context.iteration(), context.iterations());
  if (guidance_.aligns()) alignment = guidance_.alignment(deepest, {dtc_class_maps(output.logits)}, text);
  minimise(loss, alignment, context);
}

torch::Tensor Dtc::predict(const torch::Tensor& windows) {
  const Skips skips = guidance_.encode(network_->encoder, windows, prediction_texts());
  return dtc_class_maps(network_->decode_segmentation(skips, windows));
}

}  // namespace tss
