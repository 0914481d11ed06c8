// CLIP's text transformer (Radford et al. 2021; ViT-B/32 by default), frozen.
//
// token embedding + position -> layers of x + attention(LN(x)), x + MLP(LN(x)) with a causal mask and x*sigmoid(1.702 x)
// -> LN -> the state at the end token -> projection without bias. LN eps 1e-5; heads of width / heads channels.
// Parameters carry the names of OpenAI's files (positional_embedding, transformer.resblocks.0.attn.in_proj_weight, ...).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/weights/safetensors.h"

namespace tss {

struct ClipTextConfig {
  int64_t context = 77;        // positions
  int64_t vocabulary = 49408;  // tokens
  int64_t embed = 512;         // of the features
  int64_t width = 512;         // of the states
  int64_t heads = 8;
  int64_t layers = 12;
  // Throws Error naming the field.
  void check() const;
};

// Prompts of several lengths as one tensor, with nothing behind the longest one's end token: later positions cannot reach it
// through the causal mask, so leaving them out changes no feature.
struct TokenRows {
  torch::Tensor ids;  // [N, L] int64, filled up with 0
  torch::Tensor end;  // [N] int64, position of the end token
};
// length: L, at least the longest row; -1: just that.
TokenRows token_rows(const std::vector<std::vector<int64_t>>& prompts, int64_t length = -1);

class ClipTextEncoder : public torch::nn::Module {
 public:
  // Uninitialised weights; parameters take no gradient.
  explicit ClipTextEncoder(const ClipTextConfig& config = {});

  torch::Tensor embed_tokens(const torch::Tensor& ids) const;  // [N, L] -> [N, L, width]
  // Features [N, embed] of embedded tokens [N, L, width], L <= context; not normalised. Differentiable in `embedded`.
  // Runs in its own precision also under autocast: gradients to the prompts are too small for half precision.
  torch::Tensor forward(const torch::Tensor& embedded, const torch::Tensor& end);
  torch::Tensor encode(const TokenRows& rows) { return forward(embed_tokens(rows.ids), rows.end); }

  const ClipTextConfig& config() const { return config_; }

 private:
  ClipTextConfig config_;
  torch::Tensor positional_embedding_, text_projection_, token_embedding_;
  std::vector<std::shared_ptr<torch::nn::Module>> blocks_;
  torch::nn::LayerNorm ln_final_{nullptr};
};

// Weights of a text transformer by the names above, from OpenAI's or Hugging Face's ("text_model...") names; other tensors of
// the file (the image side) are left out. source: for messages. Throws InputError when a tensor is missing.
TensorMap clip_text_weights(const TensorMap& file, const std::string& source);

// Reads a safetensors file; the configuration follows from the shapes (64 channels per head, as in every published CLIP).
std::shared_ptr<ClipTextEncoder> load_clip_text_encoder(const std::filesystem::path& path);

// Weights drawn from the seed with CLIP's standard deviations; the same on every machine.
std::shared_ptr<ClipTextEncoder> random_clip_text_encoder(const ClipTextConfig& config, uint64_t seed);

}  // namespace tss
