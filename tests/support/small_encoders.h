// Small text encoders for tests.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <string>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/bert_text_encoder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::testing {

// 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], 4 pan, 5 ##cre, 6 ##as, 7 left, 8 a, 9 ##tri, 10 ##um, 11 lung, 12 the, 13 background
inline const char* const kSmallVocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\npan\n##cre\n##as\nleft\na\n##tri\n##um\nlung\nthe\nbackground\n";

inline BertTextConfig small_bert_config() {
  BertTextConfig config;
  config.context = 20;
  config.positions = 24;
  config.vocabulary = 16;
  config.width = 32;
  config.heads = 4;
  config.hidden = 48;
  config.layers = 2;
  return config;
}

// Weights of every kind that matter, none of them 0 or 1.
inline std::shared_ptr<BertTextEncoder> small_bert(const BertTextConfig& config = small_bert_config()) {
  auto encoder = std::make_shared<BertTextEncoder>(config, std::make_shared<WordPieceTokenizer>(kSmallVocabulary, "test"));
  torch::manual_seed(11);
  for (auto& [name, tensor] : state_of(*encoder)) {
    const bool norm = name.find("ln_") != std::string::npos && ends_with(name, "weight");
    tensor.copy_(torch::randn(tensor.sizes()) * (tensor.dim() == 2 ? 0.25 : 0.1) + (norm ? 1.0 : 0.0));
  }
  return encoder;
}

// Its state under the names of Hugging Face's files.
inline TensorMap hugging_face_names(const BertTextEncoder& encoder, const std::string& prefix = "") {
  const TensorMap own = state_of(encoder);
  const torch::Tensor& type = own.at("type_embedding");
  TensorMap out = {{"embeddings.word_embeddings.weight", own.at("token_embedding.weight")},
                   {"embeddings.position_embeddings.weight", own.at("positional_embedding")},
                   {"embeddings.token_type_embeddings.weight", torch::stack({type, type + 1})},
                   {"embeddings.position_ids", torch::arange(24).unsqueeze(0)}};
  for (const std::string kind : {"weight", "bias"}) {
    out["embeddings.LayerNorm." + kind] = own.at("ln_embedding." + kind);
    for (int64_t i = 0; i < encoder.config().layers; ++i) {
      const std::string from = concat("layers.", i, "."), to = concat("encoder.layer.", i, ".");
      const auto qkv = own.at(from + "attn.in_proj_" + kind).chunk(3);
      out[to + "attention.self.query." + kind] = qkv[0];
      out[to + "attention.self.key." + kind] = qkv[1];
      out[to + "attention.self.value." + kind] = qkv[2];
      out[to + "attention.output.dense." + kind] = own.at(from + "attn.out_proj." + kind);
      out[to + "attention.output.LayerNorm." + kind] = own.at(from + "ln_1." + kind);
      out[to + "intermediate.dense." + kind] = own.at(from + "mlp.c_fc." + kind);
      out[to + "output.dense." + kind] = own.at(from + "mlp.c_proj." + kind);
      out[to + "output.LayerNorm." + kind] = own.at(from + "ln_2." + kind);
    }
  }
  TensorMap named;
  add_with_prefix(named, out, prefix);
  return named;
}

// CLIP's text transformer as its publication writes it: every position in every layer, from plain operations. w: of a ClipTextEncoder
// with heads of 64 channels.
inline torch::Tensor plain_clip(const TensorMap& w, const torch::Tensor& embedded, const torch::Tensor& end) {
  const int64_t n = embedded.size(0), length = embedded.size(1), width = embedded.size(2), heads = width / 64;
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    return torch::layer_norm(x, {width}, w.at(name + ".weight"), w.at(name + ".bias"), 1e-5);
  };
  torch::Tensor x = embedded + w.at("positional_embedding").narrow(0, 0, length);
  for (int i = 0; w.contains(concat("transformer.resblocks.", i, ".ln_1.weight")); ++i) {
    const std::string block = concat("transformer.resblocks.", i, ".");
    const auto linear = [&](const torch::Tensor& value, const std::string& name) {
      return torch::linear(value, w.at(block + name + ".weight"), w.at(block + name + ".bias"));
    };
    const torch::Tensor qkv =
        torch::linear(norm(x, block + "ln_1"), w.at(block + "attn.in_proj_weight"), w.at(block + "attn.in_proj_bias"))
            .view({n, length, 3, heads, 64})
            .permute({2, 0, 3, 1, 4});
    const torch::Tensor out = torch::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], {}, 0.0, /*is_causal=*/true);
    x = x + linear(out.transpose(1, 2).reshape({n, length, width}), "attn.out_proj");
    const torch::Tensor hidden = linear(norm(x, block + "ln_2"), "mlp.c_fc");
    x = x + linear(hidden * torch::sigmoid(1.702 * hidden), "mlp.c_proj");
  }
  const torch::Tensor at_end = x.index({torch::arange(n), end});
  return norm(at_end, "ln_final").matmul(w.at("text_projection"));
}

}  // namespace tss::testing
