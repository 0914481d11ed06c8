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
  std::string source = "auto";  // auto | clip | bert | table | learned
  std::string weights;  // file, folder or package of an encoder (text_encoder.h says which); clip without it: drawn from the seed
  std::string
      vocabulary;  // CLIP's bpe_simple_vocab_16e6.txt.gz or BERT's vocab.txt; docs/text.md says where else it is looked for
  int64_t prompt_length = 4;       // M of Eq. 1; 4 in the paper; 0: the encoder's own features, nothing is learned
  bool class_specific = true;      // prompt vectors per class, as released
  std::string prompt_template;     // "a scan of a {}." for an encoder: {} is the class's text; empty: the text alone
  std::string combine = "mean";    // mean | attend: several texts of one class
  std::string precision = "fp32";  // fp32 | bf16: of the frozen encoder's stored weights
  std::string table;               // file of text embeddings
  std::string prompts;             // JSON file with the prompts of the table's rows; found beside it when empty
  int64_t dimension = 512;         // of learned vectors; CLIP ViT-B/32 has 512

  // Throws InputError naming the field.
  void check() const;

  template <class V>
  void visit(V& v) {
    v("source", source);
    v("weights", weights);
    v("vocabulary", vocabulary);
    v("prompt_length", prompt_length);
    v("class_specific", class_specific);
    v("prompt_template", prompt_template);
    v("combine", combine);
    v("precision", precision);
    v("table", table);
    v("prompts", prompts);
    v("dimension", dimension);
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
