// A text transformer of the BERT family (Devlin et al. 2019), frozen: sentence encoders such as MiniLM, and PubMedBERT as the text side of
// BiomedCLIP (Zhang et al. 2023).
//
// LN(token embedding + position + type 0) -> layers of h = LN(x + attention(x)), LN(h + MLP(h)) with exact GELU, every token attending to
// all of its text -> mean over the tokens, or the state of [CLS] -> projection where there is one, without biases: W x, or W2 GELU(W1 x).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/text/transformer_block.h"
#include "textsemiseg/text/wordpiece_tokenizer.h"

namespace tss {

struct BertTextConfig {
  int64_t context = 512;       // tokens that are used, at most `positions`
  int64_t positions = 512;     // rows of the table
  int64_t vocabulary = 30522;  // tokens
  int64_t width = 384;         // of the states
  int64_t heads = 12;
  int64_t hidden = 1536;  // of the MLP
  int64_t layers = 6;
  double epsilon = 1e-12;           // of the norms
  bool mean_pooling = true;         // false: the state of [CLS]
  std::vector<int64_t> projection;  // outputs of its maps: {} none, {512} linear, {640, 512} MLP
  // Throws Error naming the field.
  void check() const;
};

class BertTextEncoder : public TextEncoder {
 public:
  // Uninitialised weights. Without a tokenizer it encodes token ids only.
  explicit BertTextEncoder(const BertTextConfig& config = {}, std::shared_ptr<const WordPieceTokenizer> tokenizer = nullptr);

  std::vector<int64_t> tokenize(const std::string& text) const override { return tokenizer().encode(text); }
  int64_t start_token() const override { return tokenizer().start(); }
  int64_t end_token() const override { return tokenizer().end(); }

  torch::Tensor forward(const torch::Tensor& embedded, const torch::Tensor& end) override;

  int64_t dimension() const override { return config_.projection.empty() ? config_.width : config_.projection.back(); }
  int64_t width() const override { return config_.width; }
  int64_t context() const override { return config_.context; }
  std::string kind() const override;
  std::string family() const override { return "bert"; }
  const char* default_template() const override { return ""; }
  std::string configuration() const override;
  std::string vocabulary_text() const override { return tokenizer_ ? tokenizer_->vocabulary() : ""; }
  const BertTextConfig& config() const { return config_; }

 protected:
  const torch::Tensor& token_embedding() const override { return token_embedding_; }

 private:
  const WordPieceTokenizer& tokenizer() const;

  BertTextConfig config_;
  std::shared_ptr<const WordPieceTokenizer> tokenizer_;
  torch::Tensor token_embedding_, positional_embedding_, type_embedding_;
  torch::nn::LayerNorm ln_embedding_{nullptr};
  std::vector<std::shared_ptr<TransformerBlock>> layers_;
  std::vector<torch::Tensor> projection_;
};

}  // namespace tss
