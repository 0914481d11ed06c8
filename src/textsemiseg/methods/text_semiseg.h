// Text-SemiSeg (Huang et al., MICCAI 2025), the paper's reading: one TMR after the encoder, two decoders, CSA, DCA
// (methods.md section 16.3). The released code's arithmetic is text_semiseg_reference.h.
#pragma once

#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/cognitive_augmentation.h"
#include "textsemiseg/modules/multiplanar_representation.h"
#include "textsemiseg/modules/semantic_alignment.h"
#include "textsemiseg/modules/voxel_prompt.h"

namespace tss {

struct FusionOptions {
  std::string fusion = "multiplanar";      // multiplanar (TMR) | repeat (Table 3) | none
  std::string attention = "text_queries";  // text_queries (Eq. 2) | visual_queries
  int64_t dimension = 512;                 // of a token
  int64_t heads = 8;
  double dropout = 0.1;
  double text_scale = 1.0;  // multiplies the unit text features before the attention (methods.md 16.5)

  template <class V>
  void visit(V& v) {
    v("fusion", fusion);
    v("attention", attention);
    v("dimension", dimension);
    v("heads", heads);
    v("dropout", dropout);
    v("text_scale", text_scale);
  }
  void check() const;
};

struct TextSemiSegOptions {
  std::string variant = "paper";    // paper | reference
  double consistency_weight = 0.1;  // beta of lambda(t) = beta exp(-5 (1 - t / t_max)^2)
  FusionOptions tmr;
  AlignmentOptions csa;
  AugmentationOptions dca;

  template <class V>
  void visit(V& v) {
    v("variant", variant);
    v("consistency_weight", consistency_weight);
    v("tmr", tmr);
    v("csa", csa);
    v("dca", dca);
  }
  void check() const;
};

class TextSemiSeg : public TextMethod {
 public:
  // Throws InputError when setup.text is missing.
  TextSemiSeg(const TextSemiSegOptions& options, const MethodSetup& setup);
  // L = L_sup + L_cog + L_mix + lambda L_unsup (Eq. 7-9); L_mix from dca.start of the run on.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  Skips encode(const torch::Tensor& x, const torch::Tensor& text, torch::Tensor* deepest = nullptr);
  torch::Tensor mixed_loss(const Batch& batch, const torch::Tensor& pseudo, size_t weaker, const torch::Tensor& text);

  TextSemiSegOptions options_;
  int64_t side_multiple_;
  VNet network_{nullptr};
  MultiplanarRepresentation tmr_{nullptr};
  VoxelPrompt prompt_{nullptr};
  torch::nn::Conv3d projection_{nullptr};
};

}  // namespace tss
