// VCLIPSeg (Li et al., MICCAI 2024; docs/methods.md#vclip_seg): two decoders behind a voxel-wise class prompt, labels from both
// decoders weighed by their Dice, and the features of a class drawn to its text.
#pragma once

#include "textsemiseg/losses/text_similarity.h"
#include "textsemiseg/methods/mutual_learning.h"
#include "textsemiseg/methods/text_method.h"
#include "textsemiseg/modules/vclip_vnet.h"

namespace tss {

struct VclipSegOptions : MutualOptions {
  double similarity_weight = 0.5;
  double text_scale = 9;
  bool train_text = false;

  template <class V>
  void visit(V& v) {
    MutualOptions::visit(v);
    v("similarity_weight", similarity_weight, "of the similarity of features and texts, 0 or more");
    v("text_scale", text_scale,
      "times the unit texts: the released program keeps the norm of CLIP's features, 8 to 10 for ViT-B/32");
    v("train_text", train_text, "true or false: what the text source can learn is learned; published: frozen");
  }
  void check() const;
};

class VclipSeg : public TextMethod {
 public:
  // Throws InputError when setup.text is missing. Freezes setup.text unless train_text.
  VclipSeg(const VclipSegOptions& options, const MethodSetup& setup);
  // L = 0.5 sum_dec D2(p_dec, y) + lambda sum_dec [CE(z_dec, y*) + D2(p_dec, y*)] + 0.5 L_sim; the second term over all samples,
  // y* = argmax of the decoders' weighted probabilities.
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1

 private:
  VclipSegOptions options_;
  VclipVNet network_{nullptr};
};

struct VclipSegLoss : MutualLoss {
  DynamicLabels dynamic;
  TextSimilarity similarity;
};
// The loss on a given output; label [L, X, Y, Z] of the first L samples, text [K, d], block of VclipVNet::block().
VclipSegLoss vclip_seg_loss(const VclipSegOptions& options, const VclipOutput& output, const torch::Tensor& label,
                            const torch::Tensor& text, int64_t block, int64_t iteration, int64_t iterations);

}  // namespace tss
