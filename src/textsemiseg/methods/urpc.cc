#include "textsemiseg/methods/urpc.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/method_options.h"
#include "textsemiseg/networks/blocks.h"

namespace tss {

void UrpcOptions::check() const {
  check_variant("urpc", variant);
  if (backbone != "vnet" && backbone != "unet3d") throw InputError("urpc.backbone", "found '" + backbone + "'", "vnet or unet3d");
  check_weight("urpc.consistency_weight", consistency_weight);
  check_share("urpc.ramp_share", ramp_share);
}

Urpc::Urpc(const UrpcOptions& options, const MethodSetup& setup) : options_(options) {
  if (options.backbone == "vnet") {
    vnet_ = register_module("network", PyramidVNet(setup.network));
    return;
  }
  unet_ = register_module("network", PyramidUNet(setup.network));
  kaiming_normal(*unet_);
}

UrpcLoss urpc_loss(const UrpcOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                   int64_t iteration, int64_t iterations) {
  UrpcLoss loss;
  const int64_t labelled = label.size(0), unlabelled = logits.at(0).size(0) - labelled;
  std::vector<torch::Tensor> unlabelled_logits;
  for (const auto& z : logits) {
    add_to(loss.supervised, 0.5 * cross_entropy_and_dice(z.narrow(0, 0, labelled), label));
    unlabelled_logits.push_back(z.narrow(0, labelled, unlabelled));
  }
  loss.supervised = loss.supervised / static_cast<double>(logits.size());
  const Ramp ramp{.weight = options.consistency_weight, .share = options.ramp_share, .published_epochs = 400};
  loss.consistency_weight = ramped_weight(ramp, options.variant, iteration, iterations);
  loss.total = loss.supervised;
  if (unlabelled == 0) return loss;
  loss.consistency = pyramid_consistency(unlabelled_logits);
  loss.total = loss.supervised + loss.consistency_weight * loss.consistency.loss;
  return loss;
}

void Urpc::train_step(const Batch& batch, Context& context) {
  const auto logits = vnet_ ? vnet_->forward(batch.image) : unet_->forward(batch.image);
  const UrpcLoss loss = urpc_loss(options_, logits, batch.label, context.iteration(), context.iterations());
  context.log("supervised_loss", loss.supervised);
  if (loss.consistency.loss.defined()) context.log("consistency", loss.consistency.loss);
  context.log("consistency_weight", loss.consistency_weight);
  context.log("loss", loss.total);
  context.minimise("all", loss.total);
}

torch::Tensor Urpc::predict(const torch::Tensor& windows) {
  return torch::softmax(vnet_ ? vnet_->forward_finest(windows) : unet_->forward_finest(windows), 1);
}

}  // namespace tss
