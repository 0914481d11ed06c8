// The one list of text sources.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/text/text_encoder.h"
#include "textsemiseg/text/text_source.h"

namespace tss {

struct TextOptions {
  // auto: table if `table` is given, else the encoder of `weights`, else MiniLM where its package is installed, else learned.
  std::string source = "auto";
  std::string weights;
  std::string vocabulary;
  int64_t prompt_length = 4;
  bool class_specific = true;
  std::string prompt_template;
  std::string combine = "mean";
  std::string precision = "fp32";
  std::string table;
  std::string prompts;
  int64_t dimension = 512;

  // Throws InputError naming the field.
  void check() const;

  template <class V>
  void visit(V& v) {
    v("source", source, "auto, clip, bert, table or learned: where class texts come from");
    v("weights", weights, "file, folder or package of a text encoder");
    v("vocabulary", vocabulary, "file of the encoder's vocabulary; found by itself when empty");
    v("prompt_length", prompt_length,
      "learned prompt vectors before a text (M of Eq. 1), 0 or more; 0: the encoder's own features");
    v("class_specific", class_specific, "true or false: prompt vectors per class, as released");
    v("prompt_template", prompt_template, "words around a text, {} stands for it: \"a scan of a {}.\"; empty: the text alone");
    v("combine", combine, "mean or attend: several texts of one class");
    v("precision", precision, "fp32 or bf16: of the frozen encoder's weights");
    v("table", table, "file of text embeddings");
    v("prompts", prompts, "JSON file with the prompts of the table's rows; looked for beside it when empty");
    v("dimension", dimension, "of learned vectors, above 0; CLIP ViT-B/32 has 512");
  }
};

// What `list` shows: name and one line, "auto" included.
const std::vector<std::pair<std::string, std::string>>& text_sources();
std::vector<std::string> text_source_names();

// class_names: K of them, 0 is the background; class_texts: one or more per class, none at all = the names. Logs a warning where
// features carry no meaning (random weights, learned vectors).
// Throws InputError on a missing file, an unknown source or an option out of range.
std::shared_ptr<TextSource> make_text_source(const TextOptions& options, const std::vector<std::string>& class_names,
                                             uint64_t seed, std::vector<std::vector<std::string>> class_texts = {});

// The encoder that these options name; null for `table` and `learned`.
std::shared_ptr<TextEncoder> make_text_encoder(const TextOptions& options, uint64_t seed);

// What a person means by one word: the name of a source, a table (text_table.h), or else what load_text_encoder takes.
TextOptions text_options_for(const std::string& source);

// Ids of a text without start and end tokens. name: clip | wordpiece; vocabulary: its file, empty = docs/text.md#vocabularies.
using Tokenize = std::function<std::vector<int64_t>(const std::string&)>;
Tokenize make_tokenizer(const std::string& name, const std::string& vocabulary);

}  // namespace tss
