// DTC with texts on the released network (taozh2017/Text-SemiSeg 18ceced; docs/methods.md#texts-in-ua_mt-and-dtc): a text block in the
// decoder, one token per plane, so that text cannot reach the output. Only the network was released; the losses are those of dtc.h.
#pragma once

#include "textsemiseg/methods/dtc.h"
#include "textsemiseg/methods/released/two_task_text_vnet.h"

namespace tss {

class DtcTextReleased : public TextMethod {
 public:
  // Throws InputError when setup.text is missing.
  DtcTextReleased(const DtcOptions& options, const MethodSetup& setup);
  // L of Dtc, with the released alignment of the class maps on all samples.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // segmentation head
  bool fixed_window() const override { return true; }

 private:
  DtcOptions options_;
  TwoTaskTextVNet network_{nullptr};
};

}  // namespace tss
