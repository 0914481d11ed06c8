// The one list of text sources.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/text/text_source.h"

namespace tss {

struct TextOptions {
  // auto: table if `table` is given; otherwise clip if `weights` is given or a vocabulary is found; otherwise learned.
  std::string source = "auto";  // auto | clip | table | learned
  std::string weights;          // safetensors file of CLIP; without it the encoder's weights are random
  std::string vocabulary;       // CLIP's bpe_simple_vocab_16e6.txt.gz; docs/text.md says where else it is looked for
  int64_t prompt_length = 4;    // M of Eq. 1; 4 in the paper
  bool class_specific = true;   // prompt vectors per class, as released
  std::string table;            // file of text embeddings
  std::string prompts;          // JSON file with the prompts of the table's rows; found beside the table when empty
  int64_t dimension = 512;      // of learned vectors; CLIP ViT-B/32 has 512

  // Throws InputError naming the field.
  void check() const;

  template <class V>
  void visit(V& v) {
    v("source", source);
    v("weights", weights);
    v("vocabulary", vocabulary);
    v("prompt_length", prompt_length);
    v("class_specific", class_specific);
    v("table", table);
    v("prompts", prompts);
    v("dimension", dimension);
  }
};

// What `list` shows, "auto" included.
std::vector<std::string> text_source_names();

// class_names: K of them, 0 is the background. Logs a warning where features carry no meaning (random weights, learned vectors).
// Throws InputError on a missing file, an unknown source or an option out of range.
std::shared_ptr<TextSource> make_text_source(const TextOptions& options, const std::vector<std::string>& class_names, uint64_t seed);

}  // namespace tss
