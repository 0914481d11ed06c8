// URPC: predictions of four scales are drawn to their mean where they agree with it (Luo et al., Medical Image Analysis 2022;
// docs/methods.md#urpc).
#pragma once

#include "textsemiseg/losses/pyramid_consistency.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/networks/unet3d.h"

namespace tss {

struct UrpcOptions {
  std::string variant = "paper";
  std::string backbone = "vnet";
  double consistency_weight = 0.1;
  double ramp_share = 1.0;

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (lambda by the length of the run) or reference (released epochs of 150 iterations, R = 400)");
    v("backbone", backbone, "vnet (as in Text-SemiSeg's tables) or unet3d (the released network)");
    v("consistency_weight", consistency_weight, "lambda at its full value, 0 or more");
    v("ramp_share", ramp_share,
      "share of the run until lambda is at its full value, 0 to 1 (released: R = 400 of 60,000 iterations)");
  }
  void check() const;
};

class Urpc : public Method {
 public:
  Urpc(const UrpcOptions& options, const MethodSetup& setup);
  // L = mean over scales of (CE + D3) / 2 on labelled samples + lambda pyramid_consistency on unlabelled ones.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // finest scale

 private:
  UrpcOptions options_;
  PyramidVNet vnet_{nullptr};  // one of the two, both registered as "network"
  PyramidUNet unet_{nullptr};
};

struct UrpcLoss {
  torch::Tensor supervised, total;
  PyramidConsistency consistency;  // empty without unlabelled samples
  double consistency_weight = 0;
};
// The loss on given logits of every scale at full size, [N, K, X, Y, Z]; label [L, X, Y, Z] of the first L samples.
UrpcLoss urpc_loss(const UrpcOptions& options, const std::vector<torch::Tensor>& logits, const torch::Tensor& label,
                   int64_t iteration, int64_t iterations);

}  // namespace tss
