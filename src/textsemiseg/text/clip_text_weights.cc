#include "textsemiseg/text/clip_text_weights.h"

#include <optional>
#include <utility>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/module_state.h"
#include "textsemiseg/weights/weights_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kHuggingFace = "text_model.embeddings.token_embedding.weight";

// What stands before the names of the text side: "clip." or "model." where CLIP is a part of another network, "text." in open_clip's
// CustomTextCLIP.
struct TextSide {
  bool hugging_face = false;
  std::string prefix;
};

std::optional<TextSide> text_side(const TensorMap& file) {
  for (const bool hugging_face : {true, false}) {
    const std::string mark = hugging_face ? kHuggingFace : "token_embedding.weight";
    for (const auto& [name, tensor] : file) {
      const std::string prefix = ends_with(name, mark) ? name.substr(0, name.size() - mark.size()) : "?";
      if (prefix.empty() || (prefix.ends_with('.') && (hugging_face || file.contains(prefix + "positional_embedding"))))
        return TextSide{hugging_face, prefix};
    }
  }
  return std::nullopt;
}

const torch::Tensor& get(const TensorMap& file, const std::string& name, const std::string& source) {
  const auto found = file.find(name);
  if (found == file.end()) {
    throw InputError(source, "lacks tensor '" + name + "'",
                     "a CLIP model with its text side, named as OpenAI, open_clip or Hugging Face do");
  }
  return found->second;
}

TensorMap from_hugging_face(const TensorMap& file, const std::string& source) {
  const auto take = [&](const std::string& name) { return get(file, name, source); };
  TensorMap out = {{"positional_embedding", take("text_model.embeddings.position_embedding.weight")},
                   {"token_embedding.weight", take(kHuggingFace)}};
  if (!file.contains("text_projection.weight"))
    throw InputError(source, "lacks tensor 'text_projection.weight': a text model without CLIP's projection",
                     "a whole CLIP model, or CLIPTextModelWithProjection");
  const torch::Tensor projection = take("text_projection.weight");
  out["text_projection"] = projection.dim() == 2 ? projection.t() : projection;
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
      std::vector<torch::Tensor> parts;
      for (const char* which : {"q", "k", "v"}) {
        parts.push_back(take(concat(theirs, "self_attn.", which, "_proj.", kind)));
        if (parts.back().sizes() != parts[0].sizes() || parts.back().dim() == 0) {
          throw InputError(
              source,
              concat("tensor '", theirs, "self_attn.", which, "_proj.", kind, "' has shape ", shape_text(parts.back().sizes())),
              "that of the queries, " + shape_text(parts[0].sizes()));
        }
      }
      out[own + "attn.in_proj_" + kind] = torch::cat(parts);
      for (const auto& [our_name, their_name] : same) out[own + our_name + "." + kind] = take(theirs + their_name + "." + kind);
    }
  }
  return out;
}

TensorMap from_openai(const TensorMap& file, const std::string& source) {
  if (file.contains("cls_emb")) throw InputError(source, "is a CoCa model ('text.cls_emb')", "a CLIP model with its text side");
  TensorMap out;
  for (const auto& [name, tensor] : file) {
    if (name == "positional_embedding" || name == "text_projection" || starts_with(name, "transformer.resblocks.") ||
        starts_with(name, "token_embedding.") || starts_with(name, "ln_final.")) {
      out[name] = tensor;
    }
  }
  return out;
}

ClipTextConfig from_shapes(const TensorMap& weights, const std::string& source) {
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
  config.heads = config.width % 64 == 0 ? config.width / 64 : 0;
  return config;
}

void read_hugging_face(const fs::path& path, ClipTextConfig& config) {
  const Json file = read_json(path);
  const std::string type = file.value("model_type", "clip");
  if (type != "clip" && type != "clip_text_model") {
    throw InputError(path.string(), "model_type is '" + type + "'", "clip, as the weights' names say");
  }
  const Json text = file.value("text_config", Json()).is_object() ? file.at("text_config") : file;
  const auto agree = [&](const char* key, int64_t found) {
    const int64_t said = text.value(key, found);
    if (said != found) throw InputError(path.string(), concat(key, " is ", said), concat(found, ", as the weights' shapes say"));
  };
  agree("hidden_size", config.width);
  agree("num_hidden_layers", config.layers);
  agree("vocab_size", config.vocabulary);
  agree("max_position_embeddings", config.context);
  agree("intermediate_size", 4 * config.width);
  config.heads = text.value("num_attention_heads", config.heads);
  const bool said = text.contains("hidden_act") && !text.at("hidden_act").is_null();
  const std::string activation = said ? text.at("hidden_act").get<std::string>() : "quick_gelu";
  if (activation != "quick_gelu" && activation != "gelu") {
    throw InputError(path.string(), "hidden_act is '" + activation + "'", "quick_gelu or gelu");
  }
  config.quick_gelu = activation == "quick_gelu";
}

void read_open_clip(const fs::path& path, ClipTextConfig& config) {
  const Json model = read_json(path).at("model_cfg");
  config.quick_gelu = model.value("quick_gelu", false);
  config.heads = model.at("text_cfg").value("heads", config.heads);
}

}  // namespace

bool holds_clip_text(const TensorMap& file) { return text_side(file).has_value(); }

TensorMap clip_text_weights(const TensorMap& file, const std::string& source) {
  const TextSide side = text_side(file).value_or(TextSide{});
  const TensorMap own = side.prefix.empty() ? file : with_prefix(file, side.prefix);
  return side.hugging_face ? from_hugging_face(own, source) : from_openai(own, source);
}

ClipTextConfig clip_text_config(const WeightsFile& file, const TensorMap& weights, const fs::path& path) {
  ClipTextConfig config = from_shapes(weights, path.string());
  const bool hugging_face = text_side(file.tensors).value_or(TextSide{}).hugging_face;
  const fs::path beside = path.parent_path() / (hugging_face ? "config.json" : "open_clip_config.json");
  const bool configured = file.format != "TorchScript" && fs::is_regular_file(beside);
  if (configured) {
    try {
      hugging_face ? read_hugging_face(beside, config) : read_open_clip(beside, config);
    } catch (const Json::exception&) {
      throw InputError(beside.string(), "lacks an entry or has one of another type than expected",
                       "the configuration of a CLIP model");
    }
  } else if (!hugging_face && file.format != "TorchScript") {
    log_warning(concat(path.string(),
                       " does not say which activation its layers have: OpenAI's x*sigmoid(1.702x) is taken, where models ",
                       "trained by open_clip have GELU (an open_clip_config.json beside it says)"));
  }
  if (config.heads < 1 || config.width % config.heads != 0) {
    throw InputError((configured ? beside : path).string(),
                     concat("gives ", config.heads, " heads for a width of ", config.width),
                     configured ? "a divisor of the width"
                                : "a width that is a multiple of 64, or a configuration beside it that names the heads");
  }
  return config;
}

std::shared_ptr<ClipTextEncoder> load_clip_text_encoder(const fs::path& path) {
  const WeightsFile file = read_weights(path);
  const TensorMap weights = clip_text_weights(file.tensors, path.string());
  auto encoder = std::make_shared<ClipTextEncoder>(clip_text_config(file, weights, path));
  load_into(*encoder, weights, path.string());
  return encoder;
}

}  // namespace tss
