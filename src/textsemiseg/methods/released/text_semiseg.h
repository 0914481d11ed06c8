// Text-SemiSeg as released (taozh2017/Text-SemiSeg 18ceced; docs/methods.md#where-the-paper-and-the-released-program-differ): one token
// per plane, so that text cannot reach the output; a text block in each decoder; sigmoid Dice; filtered pseudo labels; absolute time
// scales. Two classes only.
#pragma once

#include <functional>

#include "textsemiseg/methods/released/text_decoder.h"
#include "textsemiseg/methods/text_semiseg.h"

namespace tss {

class TextSemiSegReleased : public TextMethod {
 public:
  // Throws InputError for more than two classes or a missing text source.
  TextSemiSegReleased(const TextSemiSegOptions& options, const MethodSetup& setup);
  void train_step(const Batch& batch, Context& context) override;
  torch::Tensor predict(const torch::Tensor& windows) override;  // decoder 1: [1 - p, p], p = sigmoid of channel 1
  bool fixed_window() const override { return true; }

 private:
  TextSemiSegOptions options_;
  TextVNet network_{nullptr};
};

// Everything one released training step computes, from given network outputs.
struct ReleasedStep {
  std::array<torch::Tensor, 2> supervised, consistency;  // scalars, one per decoder
  std::array<torch::Tensor, 2> pseudo;                   // [U, X, Y, Z], largest component of p_foreground >= 0.5
  std::array<torch::Tensor, 2> class_vectors;            // [N, K, d]
  torch::Tensor alignment, loss;
  double consistency_weight = 0;
  bool mixing = false;
  int better_decoder = 0;                  // 1 or 2 where mixing
  torch::Tensor mixed_image, mixed_label;  // [N, C, X, Y, Z], [N, X, Y, Z]
  torch::Tensor mixed_supervised, mixed_alignment;
};
using TextForward = std::function<TextVNetOutput(const torch::Tensor& image)>;
// t: completed steps; forward is called once, and once more with the mixed batch when t > 6000. Without
// unlabelled samples only the supervised and the alignment terms count.
ReleasedStep text_semiseg_released_step(const TextSemiSegOptions& options, const Batch& batch, const torch::Tensor& text,
                                        const TextForward& forward, int64_t t);

}  // namespace tss
