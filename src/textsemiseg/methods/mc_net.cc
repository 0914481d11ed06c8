#include "textsemiseg/methods/mc_net.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/losses/consistency.h"
#include "textsemiseg/losses/dice.h"
#include "textsemiseg/losses/ramps.h"

namespace tss {

void check_variant(const std::string& method, const std::string& variant) {
  if (variant != "paper" && variant != "reference")
    throw InputError(method + ".variant", "found '" + variant + "'", "paper or reference");
}

void McNetOptions::check() const {
  check_variant("mc_net", variant);
  if (!(supervised_weight >= 0)) throw InputError("mc_net.supervised_weight", concat("found ", supervised_weight), "0 or more");
  if (!(consistency_weight >= 0))
    throw InputError("mc_net.consistency_weight", concat("found ", consistency_weight), "0 or more");
  if (!(ramp_share >= 0 && ramp_share <= 1)) throw InputError("mc_net.ramp_share", concat("found ", ramp_share), "0 to 1");
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
  loss.consistency_weight =
      options.consistency_weight *
      (options.variant == "reference"
           ? published_ramp(iteration + 1, 40)  // the released program counts from 1
           : gaussian_ramp(static_cast<double>(iteration + 1), options.ramp_share * static_cast<double>(iterations)));
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
