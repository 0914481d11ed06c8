#include "textsemiseg/methods/mc_net.h"

#include "textsemiseg/losses/consistency.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

void McNetOptions::check() const {
  check_variant("mc_net", variant);
  check_weight("mc_net.supervised_weight", supervised_weight);
  check_weight("mc_net.consistency_weight", consistency_weight);
  check_share("mc_net.ramp_share", ramp_share);
}

McNet::McNet(const McNetOptions& options, const MethodSetup& setup) : options_(options) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed, UpSampling::kTrilinear}));
}

McNetLoss mc_net_loss(const McNetOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                      int64_t iteration, int64_t iterations) {
  McNetLoss loss;
  std::vector<torch::Tensor> probabilities;
  for (const auto& z : logits) {
    probabilities.push_back(torch::softmax(z, 1));
    const torch::Tensor dice = dice_loss_linear(probabilities.back().narrow(0, 0, label.size(0)), label);
    loss.dice_sum = loss.dice_sum.defined() ? loss.dice_sum + dice : dice;
  }
  loss.consistency_sum = mutual_consistency(probabilities);
  const Ramp ramp{options.consistency_weight, options.ramp_share, 40, true};
  loss.consistency_weight = ramped_weight(ramp, options.variant, iteration, iterations);
  loss.total = options.supervised_weight * loss.dice_sum + loss.consistency_weight * loss.consistency_sum;
  return loss;
}

void McNet::train_step(const Batch& batch, Context& context) {
  const McNetLoss loss =
      mc_net_loss(options_, network_->forward(batch.image), batch.label, context.iteration(), context.iterations());
  context.log("dice_sum", loss.dice_sum);
  context.log("consistency_sum", loss.consistency_sum);
  context.log("consistency_weight", loss.consistency_weight);
  context.log("loss", loss.total);
  context.minimise("all", loss.total);
}

torch::Tensor McNet::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
