// The lower bound of every table: VNet on the labelled cases alone. Loss 0.5 (CE + D3) as in SSL4MIS, at several levels where asked, of
// groups of classes where labels merge them (docs/methods.md#supervised).
#pragma once

#include "textsemiseg/methods/method.h"
#include "textsemiseg/networks/deep_vnet.h"

namespace tss {

struct SupervisedOptions {
  bool deep_supervision = false;

  template <class V>
  void visit(V& v) {
    v("deep_supervision", deep_supervision, "true or false: heads at the coarser levels too");
  }
  void check() const {}
};

class Supervised : public Method {
 public:
  Supervised(const SupervisedOptions& options, const MethodSetup& setup);
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;

 private:
  DeepVNet network_{nullptr};
};

}  // namespace tss
