#include "textsemiseg/text/clip_text_encoder.h"

#include <c10/core/impl/LocalDispatchKeySet.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/drawn.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace nn = torch::nn;

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

ClipTextEncoder::ClipTextEncoder(const ClipTextConfig& config, std::shared_ptr<const ClipTokenizer> tokenizer)
    : config_(config), tokenizer_(std::move(tokenizer)) {
  config.check();
  positional_embedding_ = register_parameter("positional_embedding", torch::empty({config.context, config.width}), false);
  text_projection_ = register_parameter("text_projection", torch::empty({config.width, config.embed}), false);
  const BlockOptions options{config.width,
                             config.heads,
                             4 * config.width,
                             /*norm_first=*/true,
                             config.quick_gelu ? Activation::kQuickGelu : Activation::kGelu,
                             1e-5};
  const auto resblocks = std::make_shared<ModuleGroup>();
  for (int64_t i = 0; i < config.layers; ++i) {
    blocks_.push_back(resblocks->register_module(std::to_string(i), std::make_shared<TransformerBlock>(options)));
  }
  register_module("transformer", std::make_shared<ModuleGroup>())->register_module("resblocks", resblocks);
  token_embedding_ = register_module("token_embedding", std::make_shared<ModuleGroup>())
                         ->register_parameter("weight", torch::empty({config.vocabulary, config.width}), false);
  ln_final_ = register_module("ln_final", nn::LayerNorm(nn::LayerNormOptions({config.width})));
  for (torch::Tensor& parameter : parameters()) parameter.set_requires_grad(false);
  eval();
}

const ClipTokenizer& ClipTextEncoder::tokenizer() const {
  if (!tokenizer_) throw Error("this CLIP text encoder was loaded without a vocabulary");
  return *tokenizer_;
}

void ClipTextEncoder::set_tokenizer(std::shared_ptr<const ClipTokenizer> tokenizer, const std::string& source) {
  if (config_.vocabulary != ClipTokenizer::kVocabulary) {
    throw InputError(source, concat("has ", config_.vocabulary, " tokens"),
                     concat(ClipTokenizer::kVocabulary, ", those of CLIP's vocabulary"));
  }
  tokenizer_ = std::move(tokenizer);
}

std::string ClipTextEncoder::kind() const {
  const bool usual = config_.layers == 12 && config_.embed == config_.width && config_.heads * 64 == config_.width;
  if (usual && config_.width == 512) return "CLIP ViT-B";
  if (usual && config_.width == 768) return "CLIP ViT-L";
  return concat("CLIP ", config_.layers, " layers, width ", config_.width);
}

std::string ClipTextEncoder::configuration() const {
  return nlohmann::ordered_json{{"context", config_.context},      {"vocabulary", config_.vocabulary}, {"embed", config_.embed},
                                {"width", config_.width},          {"heads", config_.heads},           {"layers", config_.layers},
                                {"quick_gelu", config_.quick_gelu}}
      .dump();
}

torch::Tensor ClipTextEncoder::start_states(const torch::Tensor& start) {
  const torch::NoGradGuard no_grad;
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  torch::Tensor x = start.view({1, config_.width}) + positional_embedding_.narrow(0, 0, 1);
  std::vector<torch::Tensor> out;
  for (const auto& block : blocks_) out.push_back(block->first_token(x));
  return torch::stack(out);
}

torch::Tensor ClipTextEncoder::run(const torch::Tensor& start_states, const torch::Tensor& embedded, const torch::Tensor& end) {
  const c10::impl::ExcludeDispatchKeyGuard own_precision(c10::autocast_dispatch_keyset);
  const int64_t first = start_states.defined() ? 1 : 0, length = embedded.size(1) + first;
  TORCH_CHECK(length <= config_.context, "a prompt of ", length, " tokens; at most ", config_.context, " are possible");
  const TokenLayout layout(end.cpu(), length, first, TokenLayout::Attention::kCausal, embedded.options());
  torch::Tensor x = layout.pack(embedded + positional_embedding_.narrow(0, first, length - first));
  const auto known = [&](size_t layer) { return first == 0 ? torch::Tensor() : start_states[static_cast<int64_t>(layer)]; };
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) x = blocks_[i]->forward(x, layout, known(i));
  x = blocks_.back()->forward_at(layout.last_rows(), x, layout, known(blocks_.size() - 1));
  return ln_final_(x).matmul(text_projection_.to(x.scalar_type()));
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
  encoder->set_name(concat(config.width == 512 && config.layers == 12 ? "CLIP ViT-B/32" : encoder->kind(),
                           " (random weights, seed ", seed, ")"));
  return encoder;
}

std::shared_ptr<ClipTextEncoder> random_clip_text_encoder(const ClipTextConfig& config, uint64_t seed,
                                                          const std::filesystem::path& vocabulary) {
  const auto tokenizer = std::make_shared<ClipTokenizer>(clip_vocabulary(vocabulary, {}));
  auto encoder = random_clip_text_encoder(config, seed);
  encoder->set_tokenizer(tokenizer, "the random CLIP text encoder");
  return encoder;
}

}  // namespace tss
