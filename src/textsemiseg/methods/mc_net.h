// MC-Net: mutual consistency between two decoders that up-sample differently (Wu et al., MICCAI 2021; methods.md section 8).
#pragma once

#include "textsemiseg/methods/method.h"

namespace tss {

struct McNetOptions {
  std::string variant = "paper";  // paper: lambda(t / (ramp_share t_max)) | reference: released 150-iteration epochs, R = 40
  double supervised_weight = 0.5;
  double consistency_weight = 1.0;
  double ramp_share = 0.4;  // of the run until lambda is at its full value (R = 40 of a 15,000-iteration run)

  template <class V>
  void visit(V& v) {
    v("variant", variant);
    v("supervised_weight", supervised_weight);
    v("consistency_weight", consistency_weight);
    v("ramp_share", ramp_share);
  }
  void check() const;
};

class McNet : public Method {
 public:
  McNet(const McNetOptions& options, const MethodSetup& setup);
  // L = 0.5 sum_dec D2(p_dec, y) + lambda sum_{i != j} mean((p_i - S(p_j))^2); the second term over all samples.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  McNetOptions options_;
  VNet network_{nullptr};
};

struct McNetLoss {
  torch::Tensor dice_sum, consistency_sum, total;
  double consistency_weight;
};
// The loss on given logits (one per decoder, [N, K, X, Y, Z]); label [L, X, Y, Z] of the first L samples.
McNetLoss mc_net_loss(const McNetOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                      int64_t iteration, int64_t iterations);

}  // namespace tss
