#include "textsemiseg/methods/supervised.h"

#include "textsemiseg/losses/dice.h"

namespace tss {

Supervised::Supervised(const SupervisedOptions&, const MethodSetup& setup) {
  network_ = register_module("network", VNet(setup.network, std::vector{UpSampling::kTransposed}));
}

void Supervised::train_step(const Batch& batch, Context& context) {
  const torch::Tensor logits = network_->forward(batch.labelled_image())[0];
  const torch::Tensor loss = 0.5 * cross_entropy_and_dice(logits, batch.label);
  context.log("loss", loss);
  context.minimise("all", loss);
}

torch::Tensor Supervised::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
