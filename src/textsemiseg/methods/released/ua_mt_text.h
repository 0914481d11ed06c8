// UA-MT with texts on the released network (taozh2017/Text-SemiSeg 18ceced; docs/methods.md#texts-in-ua_mt-and-dtc): a text block in the
// decoder, one token per plane, so that text cannot reach the output. Only the network was released; the losses are those of ua_mt.h.
#pragma once

#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/methods/ua_mt.h"

namespace tss {

class UaMtTextReleased : public TextMethod {
 public:
  // Throws InputError when setup.text is missing.
  UaMtTextReleased(const UaMtOptions& options, const MethodSetup& setup);
  // L of UaMt, with the released alignment of the student on all samples.
  void train_step(const Batch& batch, Context& context) override;
  void after_step(int64_t iteration) override;                   // the teacher's average
  torch::Tensor predict(const torch::Tensor& windows) override;  // student
  bool fixed_window() const override { return true; }

 private:
  UaMtOptions options_;
  DropoutOptions dropout_;
  TextVNet student_{nullptr}, teacher_{nullptr};
};

}  // namespace tss
