#include "textsemiseg/methods/mc_net.h"

#include "textsemiseg/losses/consistency.h"
#include "textsemiseg/methods/method_options.h"

namespace tss {

McNet::McNet(const McNetOptions& options, const MethodSetup& setup)
    : McNet(options, setup, {UpSampling::kTransposed, UpSampling::kTrilinear}) {}

McNet::McNet(const McNetPlusOptions& options, const MethodSetup& setup)
    : McNet(options, setup, {UpSampling::kTransposed, UpSampling::kTrilinear, UpSampling::kNearest}) {}

McNet::McNet(const MutualOptions& options, const MethodSetup& setup, const std::vector<UpSampling>& decoders)
    : options_(options) {
  network_ = register_module("network", VNet(setup.network, decoders));
}

MutualLoss mc_net_loss(const MutualOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                       int64_t iteration, int64_t iterations) {
  const DecoderDice decoders = decoder_dice(logits, label, absent_class_of(options.variant, options.absent_class));
  return mutual_loss(options, decoders.sum, mutual_consistency(decoders.probabilities), iteration, iterations);
}

void McNet::train_step(const Batch& batch, Context& context) {
  const std::vector<torch::Tensor> logits = network_->forward(batch.image);
  minimise(mc_net_loss(options_, logits, batch.label, context.iteration(), context.iterations()), context);
}

torch::Tensor McNet::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
