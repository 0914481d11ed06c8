#include "textsemiseg/text/clip_text_encoder.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/drawn.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace nn = torch::nn;
namespace F = torch::nn::functional;
namespace {

struct AttentionImpl : nn::Module {
  AttentionImpl(int64_t width, int64_t heads_) : heads(heads_) {
    in_proj_weight = register_parameter("in_proj_weight", torch::empty({3 * width, width}), false);
    in_proj_bias = register_parameter("in_proj_bias", torch::empty({3 * width}), false);
    out_proj = register_module("out_proj", nn::Linear(width, width));
  }

  torch::Tensor forward(const torch::Tensor& x) {  // [N, L, width]
    const auto n = x.size(0), length = x.size(1), width = x.size(2);
    const auto qkv = F::linear(x, in_proj_weight, in_proj_bias).view({n, length, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
    const auto out = torch::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], {}, 0.0, /*is_causal=*/true);
    return out_proj(out.transpose(1, 2).reshape({n, length, width}));
  }

  int64_t heads;
  torch::Tensor in_proj_weight, in_proj_bias;
  nn::Linear out_proj{nullptr};
};
TORCH_MODULE(Attention);

struct MlpImpl : nn::Module {
  explicit MlpImpl(int64_t width) {
    c_fc = register_module("c_fc", nn::Linear(width, 4 * width));
    c_proj = register_module("c_proj", nn::Linear(4 * width, width));
  }
  torch::Tensor forward(const torch::Tensor& x) {
    const torch::Tensor hidden = c_fc(x);
    return c_proj(hidden * torch::sigmoid(1.702 * hidden));
  }
  nn::Linear c_fc{nullptr}, c_proj{nullptr};
};
TORCH_MODULE(Mlp);

struct Block : nn::Module {
  Block(int64_t width, int64_t heads) {
    attn = register_module("attn", Attention(width, heads));
    ln_1 = register_module("ln_1", nn::LayerNorm(nn::LayerNormOptions({width})));
    mlp = register_module("mlp", Mlp(width));
    ln_2 = register_module("ln_2", nn::LayerNorm(nn::LayerNormOptions({width})));
  }
  torch::Tensor forward(torch::Tensor x) {
    x = x + attn(ln_1(x));
    return x + mlp(ln_2(x));
  }
  Attention attn{nullptr};
  nn::LayerNorm ln_1{nullptr}, ln_2{nullptr};
  Mlp mlp{nullptr};
};

// Children under the dotted names of the published files: "transformer.resblocks.0" is a module within two empty ones.
struct Group : nn::Module {};

}  // namespace

void ClipTextConfig::check() const {
  const auto positive = [](const char* field, int64_t value) {
    if (value < 1) throw Error(concat("CLIP text encoder: ", field, " is ", value, "; expected 1 or more"));
  };
  positive("context", context);
  positive("vocabulary", vocabulary);
  positive("embed", embed);
  positive("width", width);
  positive("heads", heads);
  positive("layers", layers);
  if (width % heads != 0) throw Error(concat("CLIP text encoder: width ", width, " is not a multiple of ", heads, " heads"));
}

TokenRows token_rows(const std::vector<std::vector<int64_t>>& prompts, int64_t length) {
  int64_t longest = 1;
  for (const auto& prompt : prompts) longest = std::max(longest, static_cast<int64_t>(prompt.size()));
  if (length < 0) length = longest;
  TORCH_CHECK(length >= longest, "token rows of length ", length, " cannot hold ", longest, " tokens");
  const auto n = static_cast<int64_t>(prompts.size());
  TokenRows rows{torch::zeros({n, length}, torch::kInt64), torch::empty({n}, torch::kInt64)};
  for (int64_t i = 0; i < n; ++i) {
    const auto& prompt = prompts[static_cast<size_t>(i)];
    TORCH_CHECK(!prompt.empty(), "a prompt without tokens");
    std::copy(prompt.begin(), prompt.end(), rows.ids.data_ptr<int64_t>() + i * length);
    // The end token has the largest id of all.
    rows.end.data_ptr<int64_t>()[i] = std::max_element(prompt.begin(), prompt.end()) - prompt.begin();
  }
  return rows;
}

ClipTextEncoder::ClipTextEncoder(const ClipTextConfig& config) : config_(config) {
  config.check();
  positional_embedding_ = register_parameter("positional_embedding", torch::empty({config.context, config.width}), false);
  text_projection_ = register_parameter("text_projection", torch::empty({config.width, config.embed}), false);
  const auto resblocks = std::make_shared<Group>();
  for (int64_t i = 0; i < config.layers; ++i) {
    blocks_.push_back(resblocks->register_module(std::to_string(i), std::make_shared<Block>(config.width, config.heads)));
  }
  register_module("transformer", std::make_shared<Group>())->register_module("resblocks", resblocks);
  token_embedding_ = register_module("token_embedding", std::make_shared<Group>())
                         ->register_parameter("weight", torch::empty({config.vocabulary, config.width}), false);
  ln_final_ = register_module("ln_final", nn::LayerNorm(nn::LayerNormOptions({config.width})));
  for (torch::Tensor& parameter : parameters()) parameter.set_requires_grad(false);
  eval();
}

torch::Tensor ClipTextEncoder::embed_tokens(const torch::Tensor& ids) const {
  return torch::embedding(token_embedding_, ids.to(token_embedding_.device()));
}

torch::Tensor ClipTextEncoder::forward(const torch::Tensor& embedded, const torch::Tensor& end) {
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const auto length = embedded.size(1);
  TORCH_CHECK(length <= config_.context, "a prompt of ", length, " tokens; at most ", config_.context, " are possible");
  torch::Tensor x = embedded + positional_embedding_.narrow(0, 0, length);
  for (const auto& block : blocks_) x = std::static_pointer_cast<Block>(block)->forward(x);
  const auto rows = torch::arange(x.size(0), end.options());
  const torch::Tensor at_end = x.index({rows.to(x.device()), end.to(x.device())});  // [N, width]
  return ln_final_(at_end).matmul(text_projection_);
}

// ---- weights --------------------------------------------------------------------------------------------------------

namespace {

using Shape = std::vector<int64_t>;

const torch::Tensor& get(const TensorMap& file, const std::string& name, const std::string& source) {
  const auto found = file.find(name);
  if (found == file.end()) {
    throw InputError(source, "lacks tensor '" + name + "'",
                     "a CLIP model with its text side, named as OpenAI or Hugging Face do (safetensors)");
  }
  return found->second;
}

TensorMap from_hugging_face(const TensorMap& file, const std::string& source) {
  const auto take = [&](const std::string& name) { return get(file, name, source); };
  TensorMap out = {{"positional_embedding", take("text_model.embeddings.position_embedding.weight")},
                   {"token_embedding.weight", take("text_model.embeddings.token_embedding.weight")},
                   {"text_projection", take("text_projection.weight").t()}};
  const std::vector<std::pair<std::string, std::string>> same = {{"attn.out_proj", "self_attn.out_proj"},
                                                                 {"ln_1", "layer_norm1"},
                                                                 {"mlp.c_fc", "mlp.fc1"},
                                                                 {"mlp.c_proj", "mlp.fc2"},
                                                                 {"ln_2", "layer_norm2"}};
  const std::string layers = "text_model.encoder.layers.";
  for (const std::string kind : {"weight", "bias"}) {
    out["ln_final." + kind] = take("text_model.final_layer_norm." + kind);
    for (int64_t i = 0; i == 0 || file.contains(concat(layers, i, ".layer_norm1.weight")); ++i) {
      const std::string own = concat("transformer.resblocks.", i, "."), theirs = concat(layers, i, ".");
      const auto projection = [&](const char* which) { return take(concat(theirs, "self_attn.", which, "_proj.", kind)); };
      out[own + "attn.in_proj_" + kind] = torch::cat({projection("q"), projection("k"), projection("v")});
      for (const auto& [our_name, their_name] : same) out[own + our_name + "." + kind] = take(theirs + their_name + "." + kind);
    }
  }
  return out;
}

TensorMap from_openai(const TensorMap& file) {
  TensorMap out;
  for (const auto& [name, tensor] : file) {
    if (name == "positional_embedding" || name == "text_projection" || starts_with(name, "transformer.resblocks.") ||
        starts_with(name, "token_embedding.") || starts_with(name, "ln_final.")) {
      out[name] = tensor;
    }
  }
  return out;
}

ClipTextConfig config_of(const TensorMap& weights, const std::string& source) {
  const auto table = [&](const std::string& name) {
    const torch::Tensor& tensor = get(weights, name, source);
    if (tensor.dim() != 2) throw InputError(source, "tensor '" + name + "' has shape " + shape_text(tensor.sizes()), "a matrix");
    return tensor.sizes();
  };
  ClipTextConfig config;
  config.context = table("positional_embedding")[0];
  config.width = table("positional_embedding")[1];
  config.embed = table("text_projection")[1];
  config.vocabulary = table("token_embedding.weight")[0];
  config.layers = 0;
  while (weights.contains(concat("transformer.resblocks.", config.layers, ".ln_1.weight"))) ++config.layers;
  if (config.layers == 0) get(weights, "transformer.resblocks.0.ln_1.weight", source);
  if (config.width % 64 != 0) throw InputError(source, concat("has a width of ", config.width), "a multiple of 64");
  config.heads = config.width / 64;
  return config;
}

}  // namespace

TensorMap clip_text_weights(const TensorMap& file, const std::string& source) {
  const bool hugging_face = file.contains("text_model.embeddings.token_embedding.weight");
  return hugging_face ? from_hugging_face(file, source) : from_openai(file);
}

std::shared_ptr<ClipTextEncoder> load_clip_text_encoder(const std::filesystem::path& path) {
  const TensorMap weights = clip_text_weights(read_safetensors(path).tensors, path.string());
  auto encoder = std::make_shared<ClipTextEncoder>(config_of(weights, path.string()));
  load_into(*encoder, weights, path.string());
  return encoder;
}

std::shared_ptr<ClipTextEncoder> random_clip_text_encoder(const ClipTextConfig& config, uint64_t seed) {
  auto encoder = std::make_shared<ClipTextEncoder>(config);
  const double width = static_cast<double>(config.width), depth = static_cast<double>(config.layers);
  // CLIP's own standard deviations.
  const auto deviation = [&](const std::string& name) -> std::optional<double> {
    if (name == "token_embedding.weight") return 0.02;
    if (name == "positional_embedding") return 0.01;
    if (name == "text_projection" || ends_with(name, "in_proj_weight")) return 1 / std::sqrt(width);
    if (ends_with(name, "c_fc.weight")) return 1 / std::sqrt(2 * width);
    if (ends_with(name, "proj.weight")) return 1 / std::sqrt(width * 2 * depth);
    return std::nullopt;
  };
  uint32_t number = kEncoderNumbers;
  for (auto& [name, tensor] : state_of(*encoder)) {
    torch::Tensor values = tensor;
    if (const auto spread = deviation(name)) {
      draw_uniform(values, *spread, seed, number++);
    } else {
      values.fill_(ends_with(name, "ln_1.weight") || ends_with(name, "ln_2.weight") || name == "ln_final.weight" ? 1.0 : 0.0);
    }
  }
  return encoder;
}

}  // namespace tss
