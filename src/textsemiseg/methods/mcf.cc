#include "textsemiseg/methods/mcf.h"

#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/mutual_correction.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

void McfOptions::check() const {
  check_variant("mcf", variant);
  check_weight("mcf.rectification_weight", rectification_weight);
  check_weight("mcf.consistency_weight", consistency_weight);
  check_share("mcf.ramp_share", ramp_share);
}

Mcf::Mcf(const McfOptions& options, const MethodSetup& setup) : options_(options) {
  v_ = register_module("v", VNet(setup.network, std::vector{UpSampling::kTransposed}));
  r_ = register_module("r", ResidualVNet(setup.network));
  kaiming_normal(*v_);
  kaiming_normal(*r_);
}

std::vector<ParameterGroup> Mcf::parameter_groups() { return {{"v", v_->parameters()}, {"r", r_->parameters()}}; }

McfLoss mcf_loss(const McfOptions& options, const std::array<torch::Tensor, 2>& logits, const torch::Tensor& label,
                 int64_t iteration, int64_t iterations) {
  McfLoss loss;
  const int64_t labelled = label.size(0), unlabelled = logits[0].size(0) - labelled;
  const auto labelled_logits = [&](size_t i) { return logits[i].narrow(0, 0, labelled); };
  loss.disagreement = disagreement(labelled_logits(0).detach(), labelled_logits(1).detach());
  for (size_t i = 0; i < 2; ++i) {
    McfLoss::Network& one = loss.networks[i];
    const torch::Tensor p = torch::softmax(labelled_logits(i), 1);
    one.cross_entropy = torch::nn::functional::cross_entropy(labelled_logits(i), label);
    one.dice = dice_loss_squared(p, label, 1, 1e-5);
    one.rectification = rectification_loss(p, label, loss.disagreement);
    one.total = one.cross_entropy + one.dice + options.rectification_weight * one.rectification;
  }
  loss.better = (loss.networks[0].dice < loss.networks[1].dice).item<bool>() ? 0 : 1;
  const Ramp ramp{.weight = options.consistency_weight, .share = options.ramp_share, .published_epochs = 40};
  loss.consistency_weight = ramped_weight(ramp, options.variant, iteration, iterations);
  if (unlabelled == 0) return loss;
  const auto unlabelled_probabilities = [&](const torch::Tensor& z) {
    return torch::softmax(z.narrow(0, labelled, unlabelled), 1);
  };
  const size_t worse = 1 - loss.better;
  loss.pseudo_label = sharpen_over_classes(unlabelled_probabilities(logits[loss.better].detach()));
  loss.consistency = torch::mse_loss(unlabelled_probabilities(logits[worse]), loss.pseudo_label);
  loss.networks[worse].total = loss.networks[worse].total + loss.consistency_weight * loss.consistency;
  return loss;
}

void Mcf::train_step(const Batch& batch, Context& context) {
  const McfLoss loss = mcf_loss(options_, {v_->forward(batch.image)[0], r_->forward(batch.image)}, batch.label,
                                context.iteration(), context.iterations());
  const auto& [v, r] = loss.networks;
  context.log("v_loss", v.total);
  context.log("r_loss", r.total);
  context.log("v_dice_loss", v.dice);
  context.log("r_dice_loss", r.dice);
  context.log("disagreement_voxels", loss.disagreement.sum());
  context.log("v_is_better", loss.better == 0 ? 1.0 : 0.0);
  if (loss.consistency.defined()) context.log("consistency", loss.consistency);
  context.log("consistency_weight", loss.consistency_weight);
  context.log("loss", v.total.detach() + r.total.detach());
  context.minimise("v", v.total);
  context.minimise("r", r.total);
}

torch::Tensor Mcf::predict(const torch::Tensor& windows) {
  return 0.5 * (torch::softmax(v_->forward_one(windows, 0), 1) + torch::softmax(r_->forward(windows), 1));
}

}  // namespace tss
