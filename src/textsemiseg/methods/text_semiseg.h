// Text-SemiSeg (Huang et al., MICCAI 2025), the paper's reading: one TMR after the encoder, two decoders, CSA, DCA
// (docs/methods.md#text_semiseg). The released code's arithmetic is methods/released/text_semiseg.h.
#pragma once

#include <array>
#include <functional>

#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/cognitive_augmentation.h"
#include "textsemiseg/modules/text_guidance.h"

namespace tss {

struct TextSemiSegOptions {
  std::string variant = "paper";
  double consistency_weight = 0.1;
  std::string ramp = "run";  // that | released: beta at iteration 30,000, as reference has it
  // argmax (Eq. 7), or largest_component: of each foreground class, the rest becomes background (as released, for one class).
  std::string pseudo_labels = "argmax";
  FusionOptions tmr;
  AlignmentOptions csa;
  CognitiveAugmentationOptions dca;

  template <class V>
  void visit(V& v) {
    v("variant", variant, "paper (as the publication is written) or reference (the released program's arithmetic)");
    v("consistency_weight", consistency_weight, "beta of lambda(t) = beta exp(-5 (1 - t / t_max)^2), 0 or more");
    v("ramp", ramp, "variant paper: run (lambda by the length of the run) or released (in iterations, as reference has it)");
    v("pseudo_labels", pseudo_labels,
      "argmax (Eq. 7) or largest_component (of each foreground class, as released for one class)");
    v("tmr", tmr);
    v("csa", csa);
    v("dca", dca);
  }
  void check() const;
  bool released_network() const { return variant == "reference"; }
};

// What the networks say of a batch.
struct TextSemiSegOutput {
  std::array<torch::Tensor, 2> logits;  // of the decoders, [N, K, X, Y, Z], labelled samples first
  torch::Tensor alignment;              // L_cog (Eq. 4), summed over the decoders; undefined without CSA
};
// Logits of decoder 0 or 1 alone on x [N, C, X, Y, Z].
using DecoderForward = std::function<torch::Tensor(const torch::Tensor& x, size_t decoder)>;

// The terms of Eq. 7-9 (docs/equations.md), scalars. L_seg is cross_entropy_and_dice of losses/dice.h.
struct TextSemiSegLoss {
  std::array<torch::Tensor, 2> supervised;  // L_sup of each decoder
  torch::Tensor consistency;                // L_unsup of both; undefined without unlabelled samples
  torch::Tensor alignment;                  // L_cog; undefined without CSA
  torch::Tensor mixed;                      // L_mix; undefined before DCA begins and without unlabelled samples
  torch::Tensor total;
  double consistency_weight = 0;
  size_t better = 0;  // where mixed: the decoder with the smaller L_sup, whose pseudo labels the other one learns
};
// decode is asked once where DCA is on: for the weaker decoder, on the mixed patches. What L_mix trains is what decode has a gradient for.
TextSemiSegLoss text_semiseg_loss(const TextSemiSegOptions& options, const Batch& batch, const TextSemiSegOutput& output,
                                  const DecoderForward& decode, int64_t iteration, int64_t iterations);

class TextSemiSeg : public TextMethod {
 public:
  // Throws InputError when setup.text is missing.
  TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup);
  // L = L_sup + L_cog + L_mix + lambda L_unsup (Eq. 7-9); L_mix from dca.start of the run on.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  TextSemiSegOutput forward(const torch::Tensor& image, const torch::Tensor& text);
  torch::Tensor forward_one(const torch::Tensor& image, const torch::Tensor& text, size_t decoder);
  // The same on features without gradient: a loss on it trains the decoder alone.
  torch::Tensor forward_decoder_alone(const torch::Tensor& image, const torch::Tensor& text, size_t decoder);

  TextSemiSegOptions options_;
  VNet network_{nullptr};
  TextGuidance guidance_;
};

}  // namespace tss
