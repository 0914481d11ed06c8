#include "textsemiseg/methods/mutual_learning.h"

#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

namespace {

constexpr double kPublishedEpochs = 40;  // R of the released programs

}  // namespace

void MutualOptions::check(const std::string& method) const {
  check_variant(method, variant);
  check_weight(method + ".supervised_weight", supervised_weight);
  check_weight(method + ".consistency_weight", consistency_weight);
  check_share(method + ".ramp_share", ramp_share);
  check_ramp(method, ramp);
  check_absent_class(method, absent_class);
}

DecoderDice decoder_dice(const std::vector<torch::Tensor>& logits, const torch::Tensor& label, AbsentClass absent) {
  DecoderDice out;
  for (const auto& z : logits) {
    out.probabilities.push_back(torch::softmax(z, 1));
    out.dice.push_back(dice_loss_linear(out.probabilities.back().narrow(0, 0, label.size(0)), label, absent));
  }
  out.sum = sum_of(out.dice);
  return out;
}

MutualLoss mutual_loss(const MutualOptions& options, const torch::Tensor& dice_sum, const torch::Tensor& consistency_sum,
                       int64_t iteration, int64_t iterations) {
  MutualLoss loss{dice_sum, consistency_sum, {}};
  const Ramp ramp{.weight = options.consistency_weight,
                  .share = options.ramp_share,
                  .published_epochs = kPublishedEpochs,
                  .counts_from_one = true};
  loss.consistency_weight = ramped_weight(ramp, ramp_variant(options.variant, options.ramp), iteration, iterations);
  loss.total = options.supervised_weight * dice_sum + loss.consistency_weight * consistency_sum;
  return loss;
}

void minimise(const MutualLoss& loss, Context& context) {
  context.log("dice_sum", loss.dice_sum);
  context.log("consistency_sum", loss.consistency_sum);
  context.log("consistency_weight", loss.consistency_weight);
  context.log("loss", loss.total);
  context.minimise("all", loss.total);
}

}  // namespace tss
