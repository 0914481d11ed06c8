// MLRP: mutual learning with reliable pseudo labels (Su et al., Medical Image Analysis 2024; docs/methods.md#mlrp).
// Two decoders, transposed and nearest; each learns the other's hard labels where the other is the more certain, weighted by
// how well the other's features and prototypes agree with its probabilities.
#pragma once

#include "textsemiseg/losses/reliable_labels.h"
#include "textsemiseg/methods/mutual_learning.h"

namespace tss {

struct MlrpOptions : MutualOptions {
  void check() const { MutualOptions::check("mlrp"); }
};

class Mlrp : public Method {
 public:
  Mlrp(const MlrpOptions& options, const MethodSetup& setup);
  // L = 0.5 sum_dec D2(p_dec, y) + lambda sum_{i != j} sum(CE(z_i, argmax p_j) w_ij) / sum(m_ij); the latter over all samples.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  MlrpOptions options_;
  VNet network_{nullptr};
};

struct MlrpLoss : MutualLoss {
  std::vector<Reliability> reliable;  // of decoder 2's labels for decoder 1, and the reverse
};
// The loss on given outputs of both decoders; label [L, X, Y, Z] of the first L samples.
MlrpLoss mlrp_loss(const MlrpOptions& options, const std::vector<DecoderOutput>& outputs, const torch::Tensor& label,
                   int64_t iteration, int64_t iterations);

}  // namespace tss
