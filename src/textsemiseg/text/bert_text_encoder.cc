#include "textsemiseg/text/bert_text_encoder.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/frozen_linear.h"

namespace tss {
namespace nn = torch::nn;

void BertTextConfig::check() const {
  const auto positive = [](const char* field, int64_t value) {
    if (value < 1) throw Error(concat("BERT text encoder: ", field, " is ", value, "; expected 1 or more"));
  };
  positive("vocabulary", vocabulary);
  positive("width", width);
  positive("heads", heads);
  positive("hidden", hidden);
  positive("layers", layers);
  for (const int64_t outputs : projection) positive("projection", outputs);
  if (width % heads != 0) throw Error(concat("BERT text encoder: width ", width, " is not a multiple of ", heads, " heads"));
  if (context < 4 || context > positions) {
    throw Error(concat("BERT text encoder: context is ", context, "; expected 4 to the ", positions, " positions"));
  }
}

BertTextEncoder::BertTextEncoder(const BertTextConfig& config, std::shared_ptr<const WordPieceTokenizer> tokenizer)
    : config_(config), tokenizer_(std::move(tokenizer)) {
  config.check();
  const auto weight = [&](const std::string& name, at::IntArrayRef shape) {
    return register_module(name, std::make_shared<ModuleGroup>())->register_parameter("weight", torch::empty(shape), false);
  };
  token_embedding_ = weight("token_embedding", {config.vocabulary, config.width});
  positional_embedding_ = register_parameter("positional_embedding", torch::empty({config.positions, config.width}), false);
  type_embedding_ = register_parameter("type_embedding", torch::empty({config.width}), false);
  ln_embedding_ = register_module("ln_embedding", nn::LayerNorm(nn::LayerNormOptions({config.width}).eps(config.epsilon)));
  const BlockOptions options{config.width, config.heads, config.hidden, /*norm_first=*/false, Activation::kGelu, config.epsilon};
  const auto layers = register_module("layers", std::make_shared<ModuleGroup>());
  for (int64_t i = 0; i < config.layers; ++i) {
    layers_.push_back(layers->register_module(std::to_string(i), std::make_shared<TransformerBlock>(options)));
  }
  int64_t inputs = config.width;
  for (const int64_t outputs : config.projection) {
    projection_.push_back(weight(concat("projection_", projection_.size()), {outputs, inputs}));
    inputs = outputs;
  }
  for (torch::Tensor& parameter : parameters()) parameter.set_requires_grad(false);
  eval();
}

const WordPieceTokenizer& BertTextEncoder::tokenizer() const {
  if (!tokenizer_) throw Error("this BERT text encoder was made without a vocabulary");
  return *tokenizer_;
}

std::string BertTextEncoder::kind() const {
  const std::string projected = projection_.empty() ? "" : concat(", projected to ", dimension());
  return concat("BERT ", config_.layers, " layers, width ", config_.width, config_.mean_pooling ? ", mean" : ", [CLS]",
                " pooling", projected);
}

std::string BertTextEncoder::configuration() const {
  nlohmann::ordered_json out{
      {"context", config_.context},      {"positions", config_.positions}, {"vocabulary", config_.vocabulary},
      {"width", config_.width},          {"heads", config_.heads},         {"hidden", config_.hidden},
      {"layers", config_.layers},        {"epsilon", config_.epsilon},     {"mean_pooling", config_.mean_pooling},
      {"projection", config_.projection}};
  if (tokenizer_) {
    const WordPieceOptions& options = tokenizer_->options();
    out["lower_case"] = options.lower_case;
    out["strip_accents"] = options.strips_accents();
    out["split_ideographs"] = options.split_ideographs;
  }
  return out.dump();
}

torch::Tensor BertTextEncoder::forward(const torch::Tensor& embedded, const torch::Tensor& end) {
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const int64_t length = embedded.size(1);
  TORCH_CHECK(length <= config_.positions, "a prompt of ", length, " tokens; at most ", config_.positions, " are possible");
  const TokenLayout layout(end.cpu(), length, 0, TokenLayout::Attention::kWithinText, embedded.options());
  torch::Tensor x = ln_embedding_(layout.pack(embedded + positional_embedding_.narrow(0, 0, length) + type_embedding_));
  const size_t whole = config_.mean_pooling ? layers_.size() : layers_.size() - 1;
  for (size_t i = 0; i < whole; ++i) x = layers_[i]->forward(x, layout);
  x = config_.mean_pooling ? layout.averaging().matmul(x) : layers_.back()->forward_at(layout.first_rows(), x, layout);
  for (size_t i = 0; i < projection_.size(); ++i) x = frozen_linear(i == 0 ? x : torch::gelu(x), projection_[i]);
  return x;
}

}  // namespace tss
