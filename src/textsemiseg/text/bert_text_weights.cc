#include "textsemiseg/text/bert_text_weights.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTokens = "embeddings.word_embeddings.weight";
constexpr const char* kTower = "text.transformer.";  // of open_clip

// What stands before "embeddings.word_embeddings.weight".
std::optional<std::string> prefix_of(const TensorMap& file) {
  for (const auto& [name, tensor] : file) {
    if (ends_with(name, kTokens) && (name == kTokens || name[name.size() - std::string(kTokens).size() - 1] == '.')) {
      return name.substr(0, name.size() - std::string(kTokens).size());
    }
  }
  return std::nullopt;
}

struct Names {
  const TensorMap& file;
  std::string prefix, source;

  torch::Tensor take(const std::string& name) const {
    auto found = file.find(prefix + name);
    // Files of the first years say gamma and beta.
    if (found == file.end() && ends_with(name, "LayerNorm.weight"))
      found = file.find(prefix + name.substr(0, name.size() - 6) + "gamma");
    if (found == file.end() && ends_with(name, "LayerNorm.bias"))
      found = file.find(prefix + name.substr(0, name.size() - 4) + "beta");
    if (found == file.end()) throw InputError(source, "lacks tensor '" + prefix + name + "'", "a complete BERT model");
    return found->second;
  }
  torch::Tensor matrix(const std::string& name) const {
    const torch::Tensor out = take(name);
    if (out.dim() != 2 || out.numel() == 0) {
      throw InputError(source, "tensor '" + prefix + name + "' has shape " + shape_text(out.sizes()), "a matrix");
    }
    return out;
  }
};

TensorMap own_weights(const Names& names, BertTextConfig& config) {
  TensorMap out = {{"token_embedding.weight", names.matrix(kTokens)},
                   {"positional_embedding", names.matrix("embeddings.position_embeddings.weight")},
                   {"type_embedding", names.matrix("embeddings.token_type_embeddings.weight")[0]}};
  config.vocabulary = out["token_embedding.weight"].size(0);
  config.width = out["token_embedding.weight"].size(1);
  config.positions = out["positional_embedding"].size(0);
  config.hidden = names.matrix("encoder.layer.0.intermediate.dense.weight").size(0);
  config.layers = 0;
  while (names.file.contains(concat(names.prefix, "encoder.layer.", config.layers, ".intermediate.dense.weight")))
    ++config.layers;
  const std::vector<std::pair<std::string, std::string>> same = {{"attn.out_proj", "attention.output.dense"},
                                                                 {"ln_1", "attention.output.LayerNorm"},
                                                                 {"mlp.c_fc", "intermediate.dense"},
                                                                 {"mlp.c_proj", "output.dense"},
                                                                 {"ln_2", "output.LayerNorm"}};
  for (const std::string kind : {"weight", "bias"}) {
    out["ln_embedding." + kind] = names.take("embeddings.LayerNorm." + kind);
    for (int64_t i = 0; i < config.layers; ++i) {
      const std::string own = concat("layers.", i, "."), theirs = concat("encoder.layer.", i, ".");
      std::vector<torch::Tensor> parts;
      for (const char* which : {"query", "key", "value"}) {
        parts.push_back(names.take(concat(theirs, "attention.self.", which, ".", kind)));
        if (parts.back().dim() == 0 || parts.back().sizes() != parts[0].sizes()) {
          throw InputError(names.source,
                           concat("tensor '", names.prefix, theirs, "attention.self.", which, ".", kind, "' has shape ",
                                  shape_text(parts.back().sizes())),
                           "that of the queries, " + shape_text(parts[0].sizes()));
        }
      }
      out[own + "attn.in_proj_" + kind] = torch::cat(parts);
      for (const auto& [our_name, their_name] : same)
        out[own + our_name + "." + kind] = names.take(theirs + their_name + "." + kind);
    }
  }
  return out;
}

// text.proj.weight, or text.proj.0.weight and text.proj.2.weight with a GELU between them.
void add_projection(const Names& names, TensorMap& weights, BertTextConfig& config) {
  std::vector<std::string> maps;
  for (const auto& [name, tensor] : names.file) {
    if (starts_with(name, "text.proj.")) maps.push_back(name);  // in the order of their numbers: there are at most two
  }
  const bool known = maps.empty() || maps == std::vector<std::string>{"text.proj.weight"} ||
                     maps == std::vector<std::string>{"text.proj.0.weight", "text.proj.2.weight"};
  if (!known)
    throw InputError(names.source, "has a projection of " + join(maps, ", "),
                     "open_clip's linear or MLP projection without biases");
  for (const std::string& name : maps) {
    const torch::Tensor map = Names{names.file, "", names.source}.matrix(name);
    weights[concat("projection_", config.projection.size(), ".weight")] = map;
    config.projection.push_back(map.size(0));
  }
}

// ---- configuration files --------------------------------------------------------------------------------------------

std::optional<Json> read_beside(const fs::path& path) {
  return fs::is_regular_file(path) ? std::optional(read_json(path)) : std::nullopt;
}

void read_config(const fs::path& path, BertTextConfig& config) {
  const Json file = read_json(path);
  const auto expect = [&](const char* key, const std::string& usual) {
    const std::string found = file.value(key, usual);
    if (found != usual) throw InputError(path.string(), concat(key, " is '", found, "'"), usual);
  };
  expect("model_type", "bert");
  expect("hidden_act", "gelu");
  expect("position_embedding_type", "absolute");
  const auto agree = [&](const char* key, int64_t found) {
    const int64_t said = file.value(key, found);
    if (said != found) throw InputError(path.string(), concat(key, " is ", said), concat(found, ", as the weights' shapes say"));
  };
  agree("hidden_size", config.width);
  agree("num_hidden_layers", config.layers);
  agree("intermediate_size", config.hidden);
  agree("vocab_size", config.vocabulary);
  agree("max_position_embeddings", config.positions);
  config.heads = file.at("num_attention_heads").get<int64_t>();
  config.epsilon = file.value("layer_norm_eps", config.epsilon);
  if (config.heads < 1 || config.width % config.heads != 0) {
    throw InputError(path.string(), concat("num_attention_heads is ", config.heads),
                     concat("a divisor of the width ", config.width));
  }
}

void read_sentence_transformer(const fs::path& folder, BertTextConfig& config) {
  if (const auto modules = read_beside(folder / "modules.json")) {
    for (const Json& module : *modules) {
      const std::string type = module.at("type").get<std::string>();
      if (!ends_with(type, ".Transformer") && !ends_with(type, ".Pooling") && !ends_with(type, ".Normalize")) {
        throw InputError((folder / "modules.json").string(), "has a module " + type,
                         "a transformer, its pooling and a normalisation");
      }
    }
  }
  if (const auto pooling = read_beside(folder / "1_Pooling" / "config.json")) {
    std::vector<std::string> modes;
    for (const auto& [key, value] : pooling->items()) {
      if (starts_with(key, "pooling_mode") && value.is_boolean() && value.get<bool>()) modes.push_back(key);
      if (key == "pooling_mode" && value.is_string()) modes.push_back("pooling_mode_" + value.get<std::string>() + "_token");
    }
    const bool mean = modes == std::vector<std::string>{"pooling_mode_mean_tokens"} ||
                      modes == std::vector<std::string>{"pooling_mode_mean_token"};
    if (!mean && modes != std::vector<std::string>{"pooling_mode_cls_token"}) {
      throw InputError((folder / "1_Pooling" / "config.json").string(),
                       "asks for " + (modes.empty() ? "no pooling" : join(modes, ", ")),
                       "pooling_mode_mean_tokens or pooling_mode_cls_token");
    }
    config.mean_pooling = mean;
  }
  if (const auto file = read_beside(folder / "sentence_bert_config.json")) {
    const Json limit = file->value("max_seq_length", Json());
    if (limit.is_number_integer()) config.context = limit.get<int64_t>();
  }
}

void read_open_clip(const fs::path& path, BertTextConfig& config) {
  const Json text = read_json(path).at("model_cfg").at("text_cfg");
  const std::string pooling = text.value("hf_pooler_type", "cls_last_hidden_state_pooler");
  if (pooling != "mean_pooler" && pooling != "cls_last_hidden_state_pooler") {
    throw InputError(path.string(), "hf_pooler_type is '" + pooling + "'", "mean_pooler or cls_last_hidden_state_pooler");
  }
  config.mean_pooling = pooling == "mean_pooler";
  config.context = text.value("context_length", config.context);
}

std::shared_ptr<const WordPieceTokenizer> read_tokenizer(const fs::path& folder, const fs::path& given,
                                                         const BertTextConfig& config) {
  fs::path path = given;
  for (const char* name : {"vocab.txt", "tokenizer.json"}) {
    if (path.empty() && fs::is_regular_file(folder / name)) path = folder / name;
  }
  if (path.empty())
    throw InputError(folder.string(), "has no vocabulary",
                     "BERT's vocab.txt or a tokenizer.json beside the weights, or text.vocabulary");
  WordPieceOptions options;
  const std::string text = read_wordpiece_vocabulary(path, options);
  if (const auto file = read_beside(folder / "tokenizer_config.json")) {
    options.lower_case = file->value("do_lower_case", options.lower_case);
    options.split_ideographs = file->value("tokenize_chinese_chars", options.split_ideographs);
    const Json strip = file->value("strip_accents", Json());
    if (strip.is_boolean()) options.strip_accents = strip.get<bool>();
  }
  auto tokenizer = std::make_shared<const WordPieceTokenizer>(text, path.string(), options);
  if (tokenizer->size() > config.vocabulary) {
    throw InputError(path.string(), concat("has ", tokenizer->size(), " tokens"),
                     concat("at most ", config.vocabulary, ", as the weights have"));
  }
  return tokenizer;
}

}  // namespace

bool holds_bert_text(const TensorMap& file) { return prefix_of(file).has_value(); }

std::shared_ptr<BertTextEncoder> bert_text_encoder(const TensorMap& file, const fs::path& path, const fs::path& vocabulary) {
  const Names names{file, prefix_of(file).value(), path.string()};
  const bool tower = names.prefix == kTower;
  BertTextConfig config;
  TensorMap weights = own_weights(names, config);
  if (tower) add_projection(names, weights, config);
  config.context = config.positions;
  config.mean_pooling = !tower;
  config.heads = config.width % 64 == 0 ? config.width / 64 : 0;
  const fs::path folder = path.parent_path(), heads = folder / "config.json", open_clip = folder / "open_clip_config.json";
  try {
    if (fs::is_regular_file(heads)) {
      read_config(heads, config);
    } else if (!tower || config.heads == 0) {
      throw InputError(folder.string(), "has no config.json",
                       "BERT's config.json beside the weights, which do not say the number of heads");
    }
    if (!tower) read_sentence_transformer(folder, config);
    if (tower && fs::is_regular_file(open_clip)) read_open_clip(open_clip, config);
    config.context = std::min(config.context, config.positions);
    if (config.context < 4) throw InputError(folder.string(), concat("allows ", config.context, " tokens"), "at least 4");
    auto encoder = std::make_shared<BertTextEncoder>(config, read_tokenizer(folder, vocabulary, config));
    load_into(*encoder, weights, path.string());
    return encoder;
  } catch (const Json::exception&) {
    throw InputError(folder.string(), "has a configuration with an entry missing or of another type than expected",
                     "config.json and its companions as Hugging Face writes them");
  }
}

}  // namespace tss
