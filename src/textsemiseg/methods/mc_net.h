// MC-Net: mutual consistency between decoders that up-sample differently (Wu et al., MICCAI 2021: two decoders, transposed and
// trilinear; docs/methods.md#mc_net), and MC-Net+ (Wu et al., MIA 2022: a third with nearest neighbours; docs/methods.md#mc_net_plus).
#pragma once

#include "textsemiseg/methods/mutual_learning.h"

namespace tss {

struct McNetOptions : MutualOptions {
  void check() const { MutualOptions::check("mc_net"); }
};

struct McNetPlusOptions : MutualOptions {
  void check() const { MutualOptions::check("mc_net_plus"); }
};

class McNet : public Method {
 public:
  McNet(const McNetOptions& options, const MethodSetup& setup);
  McNet(const McNetPlusOptions& options, const MethodSetup& setup);
  // L = 0.5 sum_dec D2(p_dec, y) + lambda sum_{i != j} mean((p_i - S(p_j))^2); the second term over all samples.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  McNet(const MutualOptions& options, const MethodSetup& setup, const std::vector<UpSampling>& decoders);

  MutualOptions options_;
  VNet network_{nullptr};
};

// The loss on given logits (one per decoder, [N, K, X, Y, Z]); label [L, X, Y, Z] of the first L samples.
MutualLoss mc_net_loss(const MutualOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                       int64_t iteration, int64_t iterations);

}  // namespace tss
