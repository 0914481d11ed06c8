#include "textsemiseg/text/text_factory.h"

#include <algorithm>
#include <filesystem>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/prompt_learner.h"
#include "textsemiseg/text/vector_text.h"

namespace tss {
namespace {

std::string chosen_source(const TextOptions& options) {
  if (options.source != "auto") return options.source;
  if (!options.table.empty()) return "table";
  return !options.weights.empty() || find_clip_vocabulary(options.vocabulary, options.weights) ? "clip" : "learned";
}

std::shared_ptr<TextSource> clip_source(const TextOptions& options, const std::vector<std::string>& class_names, uint64_t seed) {
  const ClipTokenizer tokenizer(clip_vocabulary(options.vocabulary, options.weights));
  const PromptOptions prompt{options.prompt_length, options.class_specific};
  const auto prompts = learnable_prompts(tokenizer, class_names, prompt.length);
  std::shared_ptr<ClipTextEncoder> encoder;
  std::string source;
  if (options.weights.empty()) {
    log_warning("text features are random: no CLIP weights were given (text.weights), so the class names mean nothing to the model");
    encoder = random_clip_text_encoder({}, seed);
    source = concat("CLIP ViT-B/32 (random weights, seed ", seed, ")");
  } else {
    encoder = load_clip_text_encoder(options.weights);
    source = "CLIP (" + std::filesystem::path(options.weights).filename().string() + ")";
    if (encoder->config().vocabulary != ClipTokenizer::kVocabulary || encoder->config().context != ClipTokenizer::kContext) {
      throw InputError(options.weights, concat("has ", encoder->config().vocabulary, " tokens and ", encoder->config().context,
                                               " positions"),
                       concat(ClipTokenizer::kVocabulary, " and ", ClipTokenizer::kContext));
    }
  }
  source += concat(", ", prompt.length, prompt.class_specific ? " prompt vectors per class" : " shared prompt vectors");
  std::vector<ClassText> classes;
  for (const std::string& name : class_names) classes.push_back({name, source});
  return std::make_shared<PromptLearner>(encoder, prompts, std::move(classes), prompt, seed);
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
  within("prompt_length", prompt_length, 1, 64);
  within("dimension", dimension, 1, 65536);
  const auto needed_by = [&](const char* field, const std::string& value, const char* user) {
    if (!value.empty() && source != "auto" && source != user) {
      throw InputError(concat("text.", field), "is given with text.source = " + source, concat("text.source = ", user));
    }
  };
  needed_by("weights", weights, "clip");
  needed_by("table", table, "table");
  if (!weights.empty() && !table.empty()) throw InputError("text.table", "is given together with text.weights", "one of them");
  if (source == "table" && table.empty()) throw InputError("text.table", "is empty", "a file of text embeddings");
}

std::vector<std::string> text_source_names() { return {"auto", "clip", "table", "learned"}; }

std::shared_ptr<TextSource> make_text_source(const TextOptions& options, const std::vector<std::string>& class_names, uint64_t seed) {
  options.check();
  const std::string source = chosen_source(options);
  if (source == "table") return table_text(options.table, options.prompts, class_names, seed);
  if (source == "clip") return clip_source(options, class_names, seed);
  if (options.source == "auto") {
    log_warning("text features are learned vectors: neither CLIP's vocabulary nor a table was found (docs/text.md says how to get them)");
  }
  return learned_text(class_names, options.dimension, seed);
}

}  // namespace tss
