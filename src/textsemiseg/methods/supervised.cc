#include "textsemiseg/methods/supervised.h"

#include "textsemiseg/losses/deep_supervision.h"

namespace tss {

Supervised::Supervised(const SupervisedOptions& options, const MethodSetup& setup) {
  network_ = register_module("network", DeepVNet(setup.network, options.deep_supervision));
}

void Supervised::train_step(const Batch& batch, Context& context) {
  const torch::Tensor loss = deep_segmentation_loss(network_->forward_levels(batch.labelled_image()), batch.label, batch.groups);
  context.log("loss", loss);
  context.minimise("all", loss);
}

torch::Tensor Supervised::predict(const torch::Tensor& windows) { return torch::softmax(network_->forward_one(windows, 0), 1); }

}  // namespace tss
