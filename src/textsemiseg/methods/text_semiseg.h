// Text-SemiSeg (Huang et al., MICCAI 2025), the paper's reading: one TMR after the encoder, two decoders, CSA, DCA
// (docs/methods.md#text_semiseg). The released code's arithmetic is released/text_semiseg.h.
#pragma once

#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/cognitive_augmentation.h"
#include "textsemiseg/modules/text_guidance.h"

namespace tss {

struct TextSemiSegOptions {
  std::string variant = "paper";    // paper | reference
  double consistency_weight = 0.1;  // beta of lambda(t) = beta exp(-5 (1 - t / t_max)^2)
  // argmax (Eq. 7), or largest_component: of each foreground class, the rest becomes background (as released, for one class).
  std::string pseudo_labels = "argmax";
  FusionOptions tmr;
  AlignmentOptions csa;
  CognitiveAugmentationOptions dca;

  template <class V>
  void visit(V& v) {
    v("variant", variant);
    v("consistency_weight", consistency_weight);
    v("pseudo_labels", pseudo_labels);
    v("tmr", tmr);
    v("csa", csa);
    v("dca", dca);
  }
  void check() const;
  bool released_network() const { return variant == "reference"; }
};

class TextSemiSeg : public TextMethod {
 public:
  // Throws InputError when setup.text is missing.
  TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup);
  // L = L_sup + L_cog + L_mix + lambda L_unsup (Eq. 7-9); L_mix from dca.start of the run on.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  torch::Tensor hard_labels(const torch::Tensor& logits) const;  // [N, K, X, Y, Z] -> [N, X, Y, Z] int64, no gradient
  torch::Tensor mixed_loss(const Batch& batch, const torch::Tensor& pseudo, size_t weaker, const torch::Tensor& text);

  TextSemiSegOptions options_;
  VNet network_{nullptr};
  TextGuidance guidance_;
};

}  // namespace tss
