#include "textsemiseg/text/wordpiece_tokenizer.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>
#include <utility>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/unicode.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kLongestWord = 100;  // characters
constexpr std::array<std::pair<UChar32, UChar32>, 8> kIdeographs = {
    {{0x4E00, 0x9FFF},
     {0x3400, 0x4DBF},
     {0x20000, 0x2A6DF},
     {0x2A700, 0x2B73F},
     {0x2B740, 0x2B81F},
     {0x2B920, 0x2CEAF},  // so in the library; the block starts 256 before
     {0xF900, 0xFAFF},
     {0x2F800, 0x2FA1F}}};

bool is_ideograph(UChar32 c) {
  return std::any_of(kIdeographs.begin(), kIdeographs.end(),
                     [&](const auto& block) { return c >= block.first && c <= block.second; });
}

bool is_dropped(UChar32 c) {
  constexpr UChar32 kReplacement = 0xFFFD;
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return c == 0 || c == kReplacement || (U_GET_GC_MASK(c) & (U_GC_CC_MASK | U_GC_CF_MASK | U_GC_CO_MASK)) != 0;
}

bool is_punctuation(UChar32 c) {
  const bool ascii_sign = (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) || (c >= 123 && c <= 126);
  return ascii_sign || (U_GET_GC_MASK(c) & U_GC_P_MASK) != 0;
}

template <class Use>  // use(code point)
void for_each_character(const icu::UnicodeString& text, const Use& use) {
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) use(text.char32At(at));
}

icu::UnicodeString cleaned(std::string_view text, const WordPieceOptions& options) {
  icu::UnicodeString out;
  for_each_character(from_utf8(text), [&](UChar32 c) {
    if (is_dropped(c)) return;
    if (u_isUWhiteSpace(c)) {
      out.append(UChar32{' '});
    } else if (options.split_ideographs && is_ideograph(c)) {
      out.append(UChar32{' '}).append(c).append(UChar32{' '});
    } else {
      out.append(c);
    }
  });
  if (options.strips_accents()) {
    const icu::UnicodeString apart = decomposed(out);
    out.remove();
    for_each_character(apart, [&](UChar32 c) {
      if (u_charType(c) != U_NON_SPACING_MARK) out.append(c);
    });
  }
  return options.lower_case ? lowered(out) : out;
}

bool continues_character(char byte) { return (static_cast<uint8_t>(byte) & 0xC0) == 0x80; }

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(std::string vocabulary, const std::string& source, const WordPieceOptions& options)
    : vocabulary_(std::move(vocabulary)), options_(options) {
  for (size_t at = 0; at < vocabulary_.size(); ++size_) {
    const size_t end = std::min(vocabulary_.find('\n', at), vocabulary_.size());
    const size_t stop = end > at && vocabulary_[end - 1] == '\r' ? end - 1 : end;
    ids_[vocabulary_.substr(at, stop - at)] = size_;  // of a token that stands twice the later line counts, as for transformers
    at = end + 1;
  }
  const auto special = [&](const char* token) {
    const auto found = ids_.find(token);
    if (found == ids_.end()) {
      throw InputError(source, concat("lacks ", token, " among its ", size_, " tokens"), "BERT's vocab.txt, a token a line");
    }
    return found->second;
  };
  unknown_ = special("[UNK]");
  start_ = special("[CLS]");
  end_ = special("[SEP]");
}

std::vector<std::string> WordPieceTokenizer::words(std::string_view text) const {
  std::vector<std::string> out;
  icu::UnicodeString word;
  const auto finish = [&] {
    if (!word.isEmpty()) out.push_back(to_utf8(word));
    word.remove();
  };
  for_each_character(cleaned(text, options_), [&](UChar32 c) {
    const bool blank = u_isUWhiteSpace(c), alone = !blank && is_punctuation(c);
    if (blank || alone) finish();
    if (!blank) word.append(c);
    if (alone) finish();
  });
  finish();
  return out;
}

void WordPieceTokenizer::add_word(const std::string& word, std::vector<int64_t>& ids) const {
  const auto characters = word.size() - static_cast<size_t>(std::count_if(word.begin(), word.end(), continues_character));
  const size_t before = ids.size();
  for (size_t at = 0; at < word.size();) {
    auto found = ids_.end();
    size_t end = characters > kLongestWord ? at : word.size();
    for (; end > at; --end) {
      if (end < word.size() && continues_character(word[end])) continue;
      found = ids_.find((at > 0 ? "##" : "") + word.substr(at, end - at));
      if (found != ids_.end()) break;
    }
    if (end == at) {  // the whole word is unknown, not the rest of it
      ids.resize(before);
      ids.push_back(unknown_);
      return;
    }
    ids.push_back(found->second);
    at = end;
  }
}

std::vector<int64_t> WordPieceTokenizer::encode(std::string_view text) const {
  std::vector<int64_t> out;
  for (const std::string& word : words(text)) add_word(word, out);
  return out;
}

std::string read_wordpiece_vocabulary(const fs::path& path, WordPieceOptions& options) {
  if (path.extension() != ".json") return read_text_file(path);
  const Json file = read_json(path);
  const auto fail = [&](const std::string& found) {
    throw InputError(path.string(), found, "a tokenizer.json with a WordPiece vocabulary, or BERT's vocab.txt");
  };
  try {
    const Json& model = file.at("model");
    if (model.value("type", "WordPiece") != "WordPiece") fail("holds a " + model.at("type").get<std::string>() + " tokenizer");
    std::vector<std::string> tokens(model.at("vocab").size());
    for (const auto& [token, id] : model.at("vocab").items()) tokens.at(id.get<size_t>()) = token;
    const Json normalizer = file.value("normalizer", Json::object());
    if (normalizer.is_object() && normalizer.value("type", "") == "BertNormalizer") {
      options.lower_case = normalizer.value("lowercase", true);
      options.split_ideographs = normalizer.value("handle_chinese_chars", true);
      if (normalizer.contains("strip_accents") && normalizer.at("strip_accents").is_boolean()) {
        options.strip_accents = normalizer.at("strip_accents").get<bool>();
      }
    }
    return join(tokens, "\n") + "\n";
  } catch (const Json::exception&) {
    fail("is not one");
  } catch (const std::out_of_range&) {
    fail("has a vocabulary with gaps in its numbers");
  }
  return {};
}

}  // namespace tss
