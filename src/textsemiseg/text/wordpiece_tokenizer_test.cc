#include "textsemiseg/text/wordpiece_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/testing.h"

namespace tss::wordpiece_tokenizer_test {
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// 0 [PAD], 1 [UNK], 2 [CLS], 3 [SEP], 4 pan, 5 ##cre, 6 ##as, 7 left, 8 a, 9 ##tri, 10 ##um, 11 "-", 12 "."
const char* const kVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\npan\n##cre\n##as\nleft\na\n##tri\n##um\n-\n.\n";

WordPieceTokenizer make(const WordPieceOptions& options = {}) { return {kVocabulary, "v", options}; }

TEST(WordPiece, LongestPiecesFirst) {
  const WordPieceTokenizer tokenizer = make();
  EXPECT_EQ(tokenizer.size(), 13);
  EXPECT_EQ(tokenizer.start(), 2);
  EXPECT_EQ(tokenizer.end(), 3);
  EXPECT_THAT(tokenizer.encode("Pancreas."), ElementsAre(4, 5, 6, 12));
  EXPECT_THAT(tokenizer.encode("LEFT-atrium"), ElementsAre(7, 11, 8, 9, 10));
  EXPECT_THAT(tokenizer.encode("pancrea left"), ElementsAre(1, 7));  // the whole word is unknown
  EXPECT_THAT(tokenizer.encode("[SEP]"), ElementsAre(1, 1, 1));      // no control token out of a text
  EXPECT_THAT(tokenizer.encode(""), ElementsAre());
  EXPECT_THAT(tokenizer.encode(" \t\n"), ElementsAre());
}

TEST(WordPiece, Words) {
  EXPECT_THAT(make().words("\u00c9cole, D\u2019\u00e9t\u00e9\u3000\u81b5\u81d3x $5~"),
              ElementsAre("ecole", ",", "d", "\u2019", "ete", "\u81b5", "\u81d3", "x", "$", "5", "~"));
  EXPECT_THAT(make().words("a\x01z\u200b\u00adb\u2028c \ufffd\u0085 \u20ac"), ElementsAre("azb", "c", "\u20ac"));
  EXPECT_THAT(make({.lower_case = false}).words("\u00c9cole E\u0301"), ElementsAre("\u00c9cole", "E\u0301"));
  EXPECT_THAT(make({.lower_case = false, .strip_accents = true}).words("\u00c9cole"), ElementsAre("Ecole"));
  EXPECT_THAT(make({.lower_case = true, .strip_accents = false}).words("\u00c9cole"), ElementsAre("\u00e9cole"));
  EXPECT_THAT(make({.split_ideographs = false}).words("\u81b5\u81d3"), ElementsAre("\u81b5\u81d3"));
  EXPECT_THAT(make().words("\xff\xfe left"), ElementsAre("left"));  // not UTF-8
}

TEST(WordPiece, WordsOfMoreThanHundredCharactersAreUnknown) {
  std::string vocabulary = kVocabulary;
  vocabulary.append(100, 'a').append("\r\n").append(101, 'a').append("\n");
  const WordPieceTokenizer tokenizer(vocabulary, "v");
  EXPECT_THAT(tokenizer.encode(std::string(100, 'a')), ElementsAre(13));
  EXPECT_THAT(tokenizer.encode(std::string(101, 'a')), ElementsAre(1));
}

TEST(WordPiece, BadVocabularies) {
  const auto error = [](const std::string& text) { return testing::input_error_of([&] { WordPieceTokenizer(text, "v.txt"); }); };
  EXPECT_EQ(error(""), "v.txt: lacks [UNK] among its 0 tokens; expected BERT's vocab.txt, a token a line");
  EXPECT_THAT(error("a\n[UNK]\n[CLS]\n"), HasSubstr("lacks [SEP] among its 3 tokens"));
}

TEST(WordPiece, VocabularyFiles) {
  const testing::TemporaryFolder folder;
  write_text_file(folder / "vocab.txt", kVocabulary);
  WordPieceOptions options;
  EXPECT_EQ(read_wordpiece_vocabulary(folder / "vocab.txt", options), kVocabulary);
  const auto path = folder / "tokenizer.json";
  write_text_file(
      path,
      R"({"normalizer": {"type": "BertNormalizer", "lowercase": false, "strip_accents": null, "handle_chinese_chars": false},
                            "model": {"type": "WordPiece", "vocab": {"b": 1, "a": 0, "##c": 2}}})");
  EXPECT_EQ(read_wordpiece_vocabulary(path, options), "a\nb\n##c\n");
  EXPECT_FALSE(options.lower_case);
  EXPECT_FALSE(options.split_ideographs);
  EXPECT_FALSE(options.strips_accents());
  const auto error = [&](const std::string& text) {
    write_text_file(path, text);
    return testing::input_error_of([&] { read_wordpiece_vocabulary(path, options); });
  };
  EXPECT_THAT(error(R"({"model": {"type": "BPE", "vocab": {}}})"), HasSubstr("tokenizer.json: holds a BPE tokenizer; expected"));
  EXPECT_THAT(error(R"({"model": {"vocab": {"a": 3}}})"), HasSubstr("gaps"));
  EXPECT_THAT(error(R"({"model": {"vocab": {"a": "b"}}})"), HasSubstr("is not one"));
  EXPECT_THAT(error("[]"), HasSubstr("is not one"));
  EXPECT_THAT(error("{"), HasSubstr("tokenizer.json"));
  EXPECT_THAT(testing::input_error_of([&] { read_wordpiece_vocabulary(folder / "none.txt", options); }),
              HasSubstr("none.txt: cannot be opened"));
}

}  // namespace tss::wordpiece_tokenizer_test
