// A VNet decoder with its own text block and projection, as in the released code (docs/methods.md#text_semiseg).
#pragma once

#include "textsemiseg/modules/multiplanar_representation.h"
#include "textsemiseg/networks/vnet.h"

namespace tss {

struct TextDecoderOutput {
  torch::Tensor logits;     // [N, K, X, Y, Z]; undefined where the decoder has no head
  torch::Tensor feature;    // [N, widths[0], X, Y, Z], after dropout
  torch::Tensor projected;  // [N, d, x, y, z], projection of the text-enhanced deepest feature
};

class TextDecoderImpl : public VNetDecoderImpl {
 public:
  // text_block.size and .patch give the deepest feature and its tokens; released: patch = size, one token per plane.
  TextDecoderImpl(const VNetOptions& options, UpSampling up, const MultiplanarOptions& text_block);
  TextDecoderImpl(const VNetOptions& options, UpSampling up, const MultiplanarOptions& text_block,
                  int64_t outputs);  // 0: no head
  TextDecoderOutput forward_with_text(const Skips& skips, const torch::Tensor& text);

 private:
  MultiplanarRepresentation text_block_{nullptr};
  torch::nn::Conv3d projection_{nullptr};
};
TORCH_MODULE(TextDecoder);

// Encoder and text decoders named decoder1, decoder2, ... with the released names: Text-SemiSeg (types 0 and 1), UA-MT + text (type
// 0), MC-Net+ + text (all three; docs/methods.md#texts-in-ua_mt-and-dtc).
struct TextVNetOutput {
  std::vector<torch::Tensor> logits;    // one per decoder, [N, K, X, Y, Z]
  std::vector<torch::Tensor> features;  // [N, d, x, y, z]
};

class TextVNetImpl : public torch::nn::Module {
 public:
  TextVNetImpl(const VNetOptions& options, const MultiplanarOptions& text_block,
               const std::vector<UpSampling>& decoders = {UpSampling::kTransposed, UpSampling::kTrilinear});
  TextVNetOutput forward(const torch::Tensor& x, const torch::Tensor& text);
  torch::Tensor forward_first(const torch::Tensor& x, const torch::Tensor& text);  // logits of decoder 1

 private:
  int64_t side_multiple_;
  VNetEncoder encoder_{nullptr};
  std::vector<TextDecoder> decoders_;
};
TORCH_MODULE(TextVNet);

}  // namespace tss
