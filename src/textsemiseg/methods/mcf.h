// MCF: a V-Net and a residual V-Net correct each other where they disagree; in each step the one that is worse on the labelled samples
// learns the other's soft pseudo labels (Wang et al., CVPR 2023; docs/methods.md#mcf).
#pragma once

#include <array>

#include "textsemiseg/methods/method.h"
#include "textsemiseg/networks/residual_vnet.h"

namespace tss {

struct McfOptions {
  std::string variant = "paper";
  double rectification_weight = 0.5;
  double consistency_weight = 0.1;
  double ramp_share = 1.0;

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (lambda by the length of the run) or reference (released epochs of 150 iterations, R = 40)");
    v("rectification_weight", rectification_weight, "of the loss where the two networks differ, 0 or more");
    v("consistency_weight", consistency_weight, "lambda at its full value, 0 or more");
    v("ramp_share", ramp_share,
      "share of the run until lambda is at its full value, 0 to 1 (released: R = 40 of 6,000 iterations)");
  }
  void check() const;
};

class Mcf : public Method {
 public:
  Mcf(const McfOptions& options, const MethodSetup& setup);
  // Each network: CE + D1 + rectification_weight L_rec on labelled samples; the worse one + lambda mean((p - pseudo)^2) on unlabelled
  // ones. One optimiser step each.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // mean of both networks' probabilities
  std::vector<ParameterGroup> parameter_groups() override;       // "v" and "r"

 private:
  McfOptions options_;
  VNet v_{nullptr};
  ResidualVNet r_{nullptr};
};

struct McfLoss {
  struct Network {
    torch::Tensor cross_entropy, dice, rectification, total;
  };
  std::array<Network, 2> networks;  // V, R
  torch::Tensor disagreement;       // [L, X, Y, Z]
  size_t better = 0;                // index of the network with the smaller Dice loss; R on a tie
  torch::Tensor pseudo_label;       // its sharpened probabilities on the unlabelled samples; undefined without such samples
  torch::Tensor consistency;        // of the other one with them; undefined likewise
  double consistency_weight = 0;
};
// The losses on given logits of V and R, [N, K, X, Y, Z]; label [L, X, Y, Z] of the first L samples.
McfLoss mcf_loss(const McfOptions& options, const std::array<torch::Tensor, 2>& logits, const torch::Tensor& label,
                 int64_t iteration, int64_t iterations);

}  // namespace tss
