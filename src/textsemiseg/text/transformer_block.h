// One layer of a frozen text transformer, of CLIP (norm first, causal) or BERT (norm last).
//
//   norm first:  h = x + attention(LN1(x)), y = h + MLP(LN2(h))        norm last:  h = LN1(x + attention(x)), y = LN2(h + MLP(h))
//   attention: heads of width / heads channels, scores divided by the square root of that; MLP: W2 act(W1 x + b1) + b2
// Parameters carry the names of CLIP's files: attn.in_proj_weight, attn.in_proj_bias, attn.out_proj, ln_1, mlp.c_fc, mlp.c_proj, ln_2.
#pragma once

#include <torch/torch.h>

#include <cstdint>

#include "textsemiseg/text/token_layout.h"

namespace tss {

enum class Activation {
  kGelu,       // x Phi(x)
  kQuickGelu,  // x sigmoid(1.702 x), of OpenAI's CLIP
};

struct BlockOptions {
  int64_t width, heads, hidden;
  bool norm_first;
  Activation activation;
  double epsilon;  // of the norms
};

// Children under the dotted names of the published files: "transformer.resblocks.0" is a module within two empty ones.
struct ModuleGroup : torch::nn::Module {};

class TransformerBlock : public torch::nn::Module {
 public:
  // Uninitialised weights.
  explicit TransformerBlock(const BlockOptions& options);

  // x: [T, width] of the layout. first: keys and values [2, width] of a first token known beforehand, undefined without one.
  torch::Tensor forward(const torch::Tensor& x, const TokenLayout& layout, const torch::Tensor& first = {}) const;
  // The same at one row of each text alone: at [N] -> [N, width]. For the last layer, of which the rest is not used.
  torch::Tensor forward_at(const torch::Tensor& at, const torch::Tensor& x, const TokenLayout& layout,
                           const torch::Tensor& first = {}) const;
  // Keys and values [2, width] of a first token x [1, width] that attends to itself alone; x becomes its state after the layer.
  torch::Tensor first_token(torch::Tensor& x) const;

 private:
  struct Affine {
    torch::Tensor weight, bias;
  };
  Affine register_affine(torch::nn::Module& at, const std::string& name, at::IntArrayRef shape);
  torch::Tensor norm(const torch::Tensor& x, const Affine& affine) const;
  // Rows of the projection to queries, keys and values: parts [begin, end) of the three.
  torch::Tensor projected(const torch::Tensor& x, int64_t begin, int64_t end) const;
  torch::Tensor heads_of(const torch::Tensor& padded, int64_t part,
                         int64_t parts) const;  // [N, L, parts * width] -> [N, heads, L, d]
  torch::Tensor attended(const torch::Tensor& q, torch::Tensor k, torch::Tensor v, const torch::Tensor& mask,
                         const torch::Tensor& first) const;
  torch::Tensor finish(const torch::Tensor& x, const torch::Tensor& attention) const;

  BlockOptions options_;
  Affine in_, out_, fc_, proj_, ln_1_, ln_2_;
};

}  // namespace tss
