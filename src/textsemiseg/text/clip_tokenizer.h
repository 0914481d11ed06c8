// CLIP's byte-pair tokenizer (Radford et al., "Learning transferable visual models from natural language supervision", 2021).
//
// Text is brought to NFC and every letter is lowered by itself; it is split into contractions, words, single digits and runs of other
// signs; each piece is a sequence of bytes whose neighbours are merged in the vocabulary's order. This is what transformers' CLIPTokenizer
// does. OpenAI's own program first repairs text with ftfy (curly quotes, ligatures, HTML entities) and lowers a final sigma in its own way;
// for plain names both agree. Class names are plain text: no text, "<|endoftext|>" included, stands for a control token.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tss {

// Not for several threads at once: the cache of merged pieces grows.
class ClipTokenizer {
 public:
  static constexpr int64_t kStart = 49406, kEnd = 49407, kPlaceholder = 343;  // the last one is "x</w>", CoOp's "X"
  static constexpr int64_t kVocabulary = 49408, kContext = 77;

  // vocabulary: CLIP's list of merges, bpe_simple_vocab_16e6.txt.gz, or a merges.txt with the same lines, compressed or not.
  // Throws InputError when it is missing, damaged or too short.
  explicit ClipTokenizer(const std::filesystem::path& vocabulary);
  // The file's text itself; source: for messages.
  ClipTokenizer(std::string_view text, const std::filesystem::path& source);

  // Ids of a text in UTF-8, without start and end token.
  std::vector<int64_t> encode(std::string_view text) const;

  // start, ids, end: at most kContext tokens; ids that do not fit are left out, with a warning.
  std::vector<int64_t> prompt(std::string_view text) const;

  const std::filesystem::path& vocabulary() const { return vocabulary_; }
  const std::string& merges() const { return merges_; }  // the lines that are used, the title included

 private:
  using Ids = std::vector<int32_t>;
  const Ids& piece(const std::string& bytes) const;
  Ids merge(const std::string& bytes) const;

  std::filesystem::path vocabulary_;
  std::string merges_;
  Ids byte_id_;                                   // id of each byte within a word; + 256 at its end
  std::unordered_map<uint64_t, int32_t> merged_;  // pair of ids -> id of the merged token; a smaller id is merged earlier
  mutable std::unordered_map<std::string, Ids> cache_;
};

// The pieces that are merged on their own, for tests: "don't 3d!" -> "don", "'t", "3", "d", "!".
std::vector<std::string> clip_pieces(std::string_view text);

}  // namespace tss
