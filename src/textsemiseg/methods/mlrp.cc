#include "textsemiseg/methods/mlrp.h"

#include "textsemiseg/losses/sum.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

Mlrp::Mlrp(const MlrpOptions& options, const MethodSetup& setup) : options_(options) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed, UpSampling::kNearest}));
}

MlrpLoss mlrp_loss(const MlrpOptions& options, const std::vector<DecoderOutput>& outputs, const torch::Tensor& label,
                   int64_t iteration, int64_t iterations) {
  const DecoderDice decoders =
      decoder_dice({outputs[0].logits, outputs[1].logits}, label, absent_class_of(options.variant, options.absent_class));
  MlrpLoss loss;
  torch::Tensor consistency;
  for (size_t student = 0; student < 2; ++student) {
    const size_t teacher = 1 - student;
    const torch::Tensor p = decoders.probabilities[teacher].detach();
    loss.reliable.push_back(reliability(decoders.probabilities[student], p, outputs[teacher].feature));
    add_to(consistency, reliable_cross_entropy(outputs[student].logits, p, loss.reliable.back()));
  }
  static_cast<MutualLoss&>(loss) = mutual_loss(options, decoders.sum, consistency, iteration, iterations);
  return loss;
}

void Mlrp::train_step(const Batch& batch, Context& context) {
  const MlrpLoss loss =
      mlrp_loss(options_, network_->forward_features(batch.image), batch.label, context.iteration(), context.iterations());
  context.log("reliable_share", (loss.reliable[0].mask.mean() + loss.reliable[1].mask.mean()) / 2);
  minimise(loss, context);
}

torch::Tensor Mlrp::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
