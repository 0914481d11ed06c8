#include "textsemiseg/text/clip_tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/testing.h"
#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/text/clip_vocabulary.h"

namespace tss::clip_tokenizer_test {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Ids = std::vector<int64_t>;

TEST(ClipPieces, SplitsAsClipDoes) {
  EXPECT_THAT(clip_pieces("  Don't STOP:\t3D-CT, 12.5 mm!\n"),
              ElementsAre("don", "'t", "stop", ":", "3", "d", "-", "ct", ",", "1", "2", ".", "5", "mm", "!"));
  EXPECT_THAT(clip_pieces("x...'s y's"), ElementsAre("x", "...'", "s", "y", "'s"));
  EXPECT_THAT(clip_pieces("E\u0301cole \u81b5\u81d3\u3000\U0001F44D\U0001F3FD"),
              ElementsAre("\u00e9cole", "\u81b5\u81d3", "\U0001F44D\U0001F3FD"));
  EXPECT_THAT(clip_pieces(""), ElementsAre());
  EXPECT_THAT(clip_pieces(" \n "), ElementsAre());
  EXPECT_THAT(clip_pieces("\xff\xfe"), ElementsAre("\uFFFD\uFFFD"));  // not UTF-8: replaced, no failure
}

class ClipTokenizerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto path = find_clip_vocabulary({}, {});
    if (!path) GTEST_SKIP() << "skipped: no vocabulary";
    tokenizer_.emplace(*path);
  }
  Ids encode(const char* text) const { return tokenizer_->encode(text); }
  std::optional<ClipTokenizer> tokenizer_;
};

// Expected: transformers' CLIPTokenizer; open_clip's differs in the final sigma alone. tests/golden_text has many more.
TEST_F(ClipTokenizerTest, TextInManyScripts) {
  EXPECT_EQ(encode("\u00c9cole d'\u00e9t\u00e9 \u00e0 Z\u00fcrich"),
            (Ids{3459, 8166, 323, 262, 3459, 39694, 21259, 89, 6522, 4021}));
  EXPECT_EQ(encode("\u0130stanbul STRASSE \u00df"), (Ids{328, 16384, 11231, 1894, 8938, 127, 509}));
  EXPECT_EQ(encode("\u81b5\u81d3 \u3068 \u809d\u81d3"),
            (Ids{164, 228, 113, 164, 229, 497, 4813, 357, 164, 224, 251, 164, 229, 497}));
  EXPECT_EQ(encode("\u80f0\u817a\u80bf\u7624"), (Ids{164, 225, 108, 164, 227, 118, 164, 224, 123, 163, 246, 353}));
  EXPECT_EQ(encode("\U0001FAC1 lung \U0001F44D\U0001F3FD!"), (Ids{558, 104, 479, 16271, 4686, 8514, 256}));
  EXPECT_EQ(encode("na\u00efve caf\u00e9 e\u0301te\u0301"), (Ids{1097, 35689, 563, 15304, 3459, 39694}));
  EXPECT_EQ(encode("\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3 \u039f\u0394\u039f\u03a3"),
            (Ids{139, 225, 138, 107, 139, 225, 139, 227, 139, 228, 138, 123, 139, 481, 138, 123, 138, 112, 138, 123, 139, 481}));
  EXPECT_EQ(encode("\u00bd cup \u00b2 3\u2163"), (Ids{33613, 1937, 41175, 274, 158, 227, 367}));
  EXPECT_EQ(encode("a\u00a0b\u2003c"), (Ids{320, 321, 322}));
  EXPECT_EQ(encode("x_y__z--w"), (Ids{343, 318, 344, 3838, 345, 2432, 342}));
  EXPECT_EQ(encode("<|endoftext|> a"), (Ids{27, 347, 40786, 4160, 91, 285, 320}));
  EXPECT_EQ(encode("\U0001D518\U0001D52B\U0001D526code"), (Ids{6874, 242, 246, 6874, 242, 104, 6874, 242, 99, 3217}));
  EXPECT_EQ(encode("\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e"),
            (Ids{3124, 101, 48254, 28505, 19389, 27263, 25130, 29552, 39653, 26090, 26721, 37299, 13343}));
  EXPECT_EQ(encode("\u0644\u064a\u0633 \u0647\u0630\u0627"), (Ids{14251, 12046, 148, 367, 34274, 148, 108, 22625}));
  EXPECT_EQ(encode("Left atrial appendage, LAA (pre-op)"),
            (Ids{1823, 13882, 566, 882, 945, 805, 267, 44642, 263, 2900, 268, 3691, 264}));
}

// Marks that nobody sees are tokens, as for transformers' CLIPTokenizer; blanks of every kind are none.
TEST_F(ClipTokenizerTest, MarksThatNobodySees) {
  EXPECT_EQ(encode("\ufeffleft atrium"), (Ids{171, 119, 379, 1823, 29725}));
  EXPECT_EQ(encode("left\u200batrium"), (Ids{1823, 9844, 29725}));
  EXPECT_EQ(encode("left\u200datrium"), (Ids{1823, 728, 491, 29725}));
  EXPECT_EQ(encode("le\u00adft"), (Ids{579, 22618, 981}));
  EXPECT_EQ(encode("left\u00a0atrium"), (Ids{1823, 29725}));
  EXPECT_EQ(encode("left\u202fatrium"), (Ids{1823, 29725}));
  EXPECT_EQ(encode("left\tatrium\r\n"), (Ids{1823, 29725}));
  EXPECT_EQ(encode("\u180eleft"), (Ids{157, 254, 492, 1823}));
  EXPECT_EQ(encode("\ufb01ne"), (Ids{171, 105, 223, 1422}));
}

TEST_F(ClipTokenizerTest, PublishedIds) {
  const auto data = testing::test_data();
  if (!data || !std::filesystem::exists(*data / "text")) GTEST_SKIP() << "skipped: no data";
  const auto cases = nlohmann::json::parse(read_text_file(*data / "text" / "clip_tokens_golden.json")).at("tokens");
  EXPECT_GT(cases.size(), 40u);
  for (const auto& [text, ids] : cases.items()) EXPECT_EQ(tokenizer_->encode(text), ids.get<Ids>()) << text;
}

TEST_F(ClipTokenizerTest, PromptsHaveStartAndEndAndAreCut) {
  EXPECT_EQ(tokenizer_->prompt("x x pancreas."), (Ids{49406, 343, 343, 27708, 601, 269, 49407}));
  EXPECT_EQ(tokenizer_->prompt(""), (Ids{49406, 49407}));
  std::string text;
  for (int i = 0; i < 100; ++i) text += "a ";
  const Ids cut = tokenizer_->prompt(text);
  ASSERT_EQ(cut.size(), 77u);
  EXPECT_EQ(cut.front(), ClipTokenizer::kStart);
  EXPECT_EQ(cut[75], 320);
  EXPECT_EQ(cut.back(), ClipTokenizer::kEnd);
}

TEST(ClipVocabulary, BadFilesAreRefused) {
  const testing::TemporaryFolder folder;
  const fs::path path = folder / "v.txt";
  const auto error = [&] { return testing::input_error_of([&] { const ClipTokenizer tokenizer(path); }); };
  EXPECT_THAT(error(), HasSubstr("v.txt: cannot be opened"));
  write_text_file(path, "");
  EXPECT_THAT(error(), HasSubstr("has 0 merges; expected CLIP's vocabulary with 48894 merges"));
  write_text_file(path, "#version\ni n\nt h\n");
  EXPECT_THAT(error(), HasSubstr("has 2 merges"));
  write_text_file(path, "#version\ni n\nin\n");
  EXPECT_THAT(error(), HasSubstr("line 3 is not a pair"));
  write_text_file(path, "#version\ni n\nxyz q\n");
  EXPECT_THAT(error(), HasSubstr("line 3 merges an unknown token"));
  write_text_file(path, "#version\ni n\ni n\n");
  EXPECT_THAT(error(), HasSubstr("line 3 is a repetition"));
  write_text_file(path, gzip(std::string(100'000, 'a')).substr(0, 60));
  EXPECT_THAT(error(), HasSubstr("v.txt: is truncated or damaged"));
  write_text_file(path, gzip(std::string(size_t{20} << 20, 'a')));  // 20 kB
  EXPECT_THAT(error(), HasSubstr("v.txt: inflates to more than 16 MB"));
  EXPECT_THROW(find_clip_vocabulary(folder / "none.gz", {}), InputError);
  // Beside the weights comes before every other place.
  write_text_file(folder / "merges.txt", "");
  EXPECT_EQ(find_clip_vocabulary({}, folder / "model.safetensors"), folder / "merges.txt");
  EXPECT_EQ(find_clip_vocabulary(path, folder / "model.safetensors"), path);
}

}  // namespace tss::clip_tokenizer_test
