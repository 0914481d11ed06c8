// The lower bound of every table: VNet on the labelled cases alone. Loss 0.5 (CE + D3) as in SSL4MIS (docs/methods.md#supervised).
#pragma once

#include "textsemiseg/methods/method.h"

namespace tss {

struct SupervisedOptions {
  template <class V>
  void visit(V&) {}
  void check() const {}
};

class Supervised : public Method {
 public:
  Supervised(const SupervisedOptions& options, const MethodSetup& setup);
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;

 private:
  VNet network_{nullptr};
};

}  // namespace tss
