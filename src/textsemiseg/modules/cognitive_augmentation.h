// Dynamic cognitive augmentation (DCA): Eq. 5 and 6 of Text-SemiSeg (MICCAI 2025). The foreground of a labelled patch is pasted into
// the background of an unlabelled one and the reverse.
#pragma once

#include <torch/torch.h>

#include <string>

namespace tss {

struct CognitiveAugmentationOptions {
  bool enabled = true;
  double start = 0.2;
  // What L_mix trains. decoder: the weaker decoder alone, as the paper has it | all: also what lies before it (encoder, TMR, texts).
  std::string updates = "decoder";

  template <class V>
  void visit(V& v) {
    v("enabled", enabled, "true or false: mix foregrounds of labelled and unlabelled patches (Eq. 5, 6)");
    v("start", start, "share of the run after which mixing begins, 0 to 1 (the paper is silent; released: 6,000 of 30,000)");
    v("updates", updates, "decoder or all: what L_mix trains");
  }
  void check() const;
};

struct MixedPatches {
  torch::Tensor image_l, image_u;  // [M, C, X, Y, Z]
  torch::Tensor label_l, label_u;  // [M, X, Y, Z] int64
};

// x_l, x_u [L or U, C, X, Y, Z]; y [L, X, Y, Z] classes; pseudo [U, X, Y, Z] classes. Foreground = class above 0; the sums over k of
// Eq. 5 and 6 run over the foreground classes (with the background they would give x_l + x_u).
//   image_l = x_l where y > 0, else x_u        label_l = y where y > 0, else pseudo
//   image_u = x_u where pseudo > 0, else x_l   label_u = pseudo where pseudo > 0, else y
// M = max(L, U); the shorter side repeats.
MixedPatches mix_foregrounds(const torch::Tensor& x_l, const torch::Tensor& y, const torch::Tensor& x_u,
                             const torch::Tensor& pseudo);

}  // namespace tss
