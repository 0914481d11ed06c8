// BERT's WordPiece tokenizer (Devlin et al. 2019), as transformers' BertTokenizer does it.
//
// Control characters go, blanks become spaces, every CJK ideograph is a word of its own; uncased vocabularies take off accents (NFD
// without nonspacing marks) and lower every letter; words end at blanks and at every sign of punctuation; a word is the longest entries of
// the vocabulary from left to right, "##" before all but the first, or [UNK] when that leaves a rest or it has more than 100 characters.
// Class names are plain text: no text, "[SEP]" included, stands for a control token.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tss {

struct WordPieceOptions {
  bool lower_case = true;                            // do_lower_case of tokenizer_config.json
  std::optional<bool> strip_accents = std::nullopt;  // as lower_case when not said
  bool split_ideographs = true;                      // tokenize_chinese_chars

  bool strips_accents() const { return strip_accents.value_or(lower_case); }
};

class WordPieceTokenizer {
 public:
  // vocabulary: the text of a vocab.txt, a token a line, numbered from 0; source: for messages. Throws InputError when it lacks
  // [UNK], [CLS] or [SEP].
  WordPieceTokenizer(std::string vocabulary, const std::string& source, const WordPieceOptions& options = {});

  // Ids of a text in UTF-8, without [CLS] and [SEP].
  std::vector<int64_t> encode(std::string_view text) const;
  // The words that are looked up, for tests.
  std::vector<std::string> words(std::string_view text) const;

  int64_t start() const { return start_; }  // [CLS]
  int64_t end() const { return end_; }      // [SEP]
  int64_t unknown() const { return unknown_; }
  int64_t size() const { return size_; }
  const std::string& vocabulary() const { return vocabulary_; }
  const WordPieceOptions& options() const { return options_; }

 private:
  void add_word(const std::string& word, std::vector<int64_t>& ids) const;

  std::string vocabulary_;
  WordPieceOptions options_;
  std::unordered_map<std::string, int64_t> ids_;
  int64_t size_ = 0, unknown_ = 0, start_ = 0, end_ = 0;
};

// The text of a vocab.txt out of a file of either kind: vocab.txt itself, or a tokenizer.json (then its normaliser sets `options`).
// Throws InputError: unreadable, or a tokenizer.json of another kind of model.
std::string read_wordpiece_vocabulary(const std::filesystem::path& path, WordPieceOptions& options);

}  // namespace tss
