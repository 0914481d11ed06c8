// CLIP's text transformer (Radford et al. 2021; that of ViT-B by default), frozen.
//
// token embedding + position -> layers of x + attention(LN(x)), x + MLP(LN(x)) with a causal mask -> LN -> the state at the end token
// -> projection without bias. Activation x*sigmoid(1.702 x), or exact GELU for most of OpenCLIP's own weights; LN eps 1e-5.
// Parameters carry the names of OpenAI's files (positional_embedding, transformer.resblocks.0.attn.in_proj_weight, ...).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/text/transformer_block.h"

namespace tss {

struct ClipTextConfig {
  int64_t context = 77;        // positions
  int64_t vocabulary = 49408;  // tokens
  int64_t embed = 512;         // of the features
  int64_t width = 512;         // of the states
  int64_t heads = 8;
  int64_t layers = 12;
  bool quick_gelu = true;  // false: exact GELU
  // Throws Error naming the field.
  void check() const;
};

class ClipTextEncoder : public TextEncoder {
 public:
  // Uninitialised weights. Without a tokenizer it encodes token ids only.
  explicit ClipTextEncoder(const ClipTextConfig& config = {}, std::shared_ptr<const ClipTokenizer> tokenizer = nullptr);

  std::vector<int64_t> tokenize(const std::string& text) const override { return tokenizer().encode(text); }
  int64_t start_token() const override { return ClipTokenizer::kStart; }
  int64_t end_token() const override { return ClipTokenizer::kEnd; }
  int64_t placeholder_token() const override { return ClipTokenizer::kPlaceholder; }

  torch::Tensor forward(const torch::Tensor& embedded, const torch::Tensor& end) override { return run({}, embedded, end); }
  // [layers, 2, width]: keys and values of the start token.
  torch::Tensor start_states(const torch::Tensor& start) override;
  torch::Tensor forward_after(const torch::Tensor& start_states, const torch::Tensor& embedded,
                              const torch::Tensor& end) override {
    return run(start_states, embedded, end);
  }

  int64_t dimension() const override { return config_.embed; }
  int64_t width() const override { return config_.width; }
  int64_t context() const override { return config_.context; }
  std::string kind() const override;
  std::string family() const override { return "clip"; }
  std::string configuration() const override;
  std::string vocabulary_text() const override { return tokenizer_ ? tokenizer_->merges() : ""; }
  const ClipTextConfig& config() const { return config_; }
  // Throws InputError when the encoder's table of tokens is not that of the vocabulary.
  void set_tokenizer(std::shared_ptr<const ClipTokenizer> tokenizer, const std::string& source);

 protected:
  const torch::Tensor& token_embedding() const override { return token_embedding_; }

 private:
  const ClipTokenizer& tokenizer() const;
  torch::Tensor run(const torch::Tensor& start_states, const torch::Tensor& embedded, const torch::Tensor& end);

  ClipTextConfig config_;
  std::shared_ptr<const ClipTokenizer> tokenizer_;
  torch::Tensor positional_embedding_, text_projection_, token_embedding_;
  std::vector<std::shared_ptr<TransformerBlock>> blocks_;
  torch::nn::LayerNorm ln_final_{nullptr};
};

// Reads a weights file of CLIP with its text side (clip_text_weights.h says which), without a tokenizer.
std::shared_ptr<ClipTextEncoder> load_clip_text_encoder(const std::filesystem::path& path);

// Weights drawn from the seed with CLIP's standard deviations; the same on every machine.
std::shared_ptr<ClipTextEncoder> random_clip_text_encoder(const ClipTextConfig& config, uint64_t seed);
// The same with its tokenizer; vocabulary: empty: looked for (clip_vocabulary.h).
std::shared_ptr<ClipTextEncoder> random_clip_text_encoder(const ClipTextConfig& config, uint64_t seed,
                                                          const std::filesystem::path& vocabulary);

}  // namespace tss
