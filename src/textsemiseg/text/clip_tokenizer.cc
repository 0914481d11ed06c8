#include "textsemiseg/text/clip_tokenizer.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <array>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/text/unicode.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr int32_t kBytes = 256;
constexpr size_t kMerges = ClipTokenizer::kVocabulary - 2 * kBytes - 2;

// ---- vocabulary -----------------------------------------------------------------------------------------------------

// CLIP's own list is 3 MB.
constexpr uint64_t kMostVocabularyBytes = uint64_t{16} << 20;

// Vocabulary files write each byte as one printable character: 33-126, 161-172 and 174-255 as themselves, the others, in
// order, as U+0100 and following. Returns the 256 bytes in the order of their token ids and the characters that stand for them.
std::array<std::pair<uint8_t, std::string>, kBytes> byte_characters() {
  const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  std::array<std::pair<uint8_t, std::string>, kBytes> out;
  size_t at = 0;
  UChar32 next = 0x100;
  for (const bool wanted : {true, false}) {
    for (int b = 0; b < kBytes; ++b) {
      if (printable(b) != wanted) continue;
      std::string character;
      icu::UnicodeString(wanted ? UChar32{b} : next++).toUTF8String(character);
      out[at++] = {static_cast<uint8_t>(b), character};
    }
  }
  return out;
}

uint64_t pair_key(int32_t left, int32_t right) {
  return (static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32) | static_cast<uint32_t>(right);
}

// ---- splitting ------------------------------------------------------------------------------------------------------

bool is_letter(UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_L_MASK) != 0; }
bool is_number(UChar32 c) { return (U_GET_GC_MASK(c) & U_GC_N_MASK) != 0; }
bool is_other(UChar32 c) { return !u_isUWhiteSpace(c) && !is_letter(c) && !is_number(c); }

// Length of the contraction at `at`, or 0.
int32_t contraction(const icu::UnicodeString& text, int32_t at) {
  static const std::array<icu::UnicodeString, 7> kContractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
  for (const icu::UnicodeString& piece : kContractions) {
    if (text.compare(at, piece.length(), piece) == 0) return piece.length();
  }
  return 0;
}

// End of the piece that starts at `at`, which is not a blank.
int32_t piece_end(const icu::UnicodeString& text, int32_t at) {
  if (const int32_t length = contraction(text, at); length > 0) return at + length;
  const UChar32 first = text.char32At(at);
  int32_t end = text.moveIndex32(at, 1);
  if (is_number(first)) return end;
  const auto same = is_letter(first) ? is_letter : is_other;
  while (end < text.length() && same(text.char32At(end))) end = text.moveIndex32(end, 1);
  return end;
}

}  // namespace

std::vector<std::string> clip_pieces(std::string_view text) {
  const icu::UnicodeString clean = lowered(composed(from_utf8(text)));
  std::vector<std::string> out;
  for (int32_t at = 0; at < clean.length();) {
    if (u_isUWhiteSpace(clean.char32At(at))) {
      at = clean.moveIndex32(at, 1);
      continue;
    }
    const int32_t end = piece_end(clean, at);
    clean.tempSubStringBetween(at, end).toUTF8String(out.emplace_back());
    at = end;
  }
  return out;
}

ClipTokenizer::ClipTokenizer(const fs::path& vocabulary)
    : ClipTokenizer(read_gzip_text(vocabulary, kMostVocabularyBytes), vocabulary) {}

ClipTokenizer::ClipTokenizer(std::string_view text, const fs::path& source) : vocabulary_(source), byte_id_(kBytes) {
  std::unordered_map<std::string, int32_t> ids;
  ids.reserve(kVocabulary);
  int32_t next = 0;
  const auto characters = byte_characters();
  for (const auto& [byte, character] : characters) {
    byte_id_[byte] = next;
    ids[character + "</w>"] = next + kBytes;
    ids[character] = next++;
  }
  next += kBytes;
  const auto fail = [&](const std::string& found) {
    throw InputError(source.string(), found, concat("CLIP's vocabulary with ", kMerges, " merges"));
  };
  merged_.reserve(kMerges);
  size_t at = std::min(text.find('\n'), text.size());  // the first line is a title
  while (merged_.size() < kMerges) {
    const size_t begin = at + 1, end = std::min(text.find('\n', begin), text.size());
    if (begin >= text.size()) fail(concat("has ", merged_.size(), " merges"));
    const size_t blank = text.find(' ', begin);
    if (blank >= end) fail(concat("line ", merged_.size() + 2, " is not a pair"));
    const size_t stop = text[end - 1] == '\r' ? end - 1 : end;
    const std::string left(text.substr(begin, blank - begin)), right(text.substr(blank + 1, stop - blank - 1));
    const auto a = ids.find(left), b = ids.find(right);
    if (a == ids.end() || b == ids.end()) fail(concat("line ", merged_.size() + 2, " merges an unknown token"));
    if (!merged_.emplace(pair_key(a->second, b->second), next).second)
      fail(concat("line ", merged_.size() + 2, " is a repetition"));
    ids[left + right] = next++;
    at = end;
  }
  merges_ = std::string(text.substr(0, at)) + '\n';
}

ClipTokenizer::Ids ClipTokenizer::merge(const std::string& bytes) const {
  Ids ids;
  for (const char c : bytes) ids.push_back(byte_id_[static_cast<uint8_t>(c)]);
  ids.back() += kBytes;
  while (ids.size() > 1) {
    int32_t best = INT32_MAX;
    uint64_t pair = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto found = merged_.find(pair_key(ids[i], ids[i + 1]));
      if (found != merged_.end() && found->second < best) {
        best = found->second;
        pair = found->first;
      }
    }
    if (best == INT32_MAX) break;
    size_t out = 0;
    for (size_t i = 0; i < ids.size(); ++out) {
      const bool hit = i + 1 < ids.size() && pair_key(ids[i], ids[i + 1]) == pair;
      ids[out] = hit ? best : ids[i];
      i += hit ? 2 : 1;
    }
    ids.resize(out);
  }
  return ids;
}

const ClipTokenizer::Ids& ClipTokenizer::piece(const std::string& bytes) const {
  const auto known = cache_.find(bytes);
  return known != cache_.end() ? known->second : cache_.emplace(bytes, merge(bytes)).first->second;
}

std::vector<int64_t> ClipTokenizer::encode(std::string_view text) const {
  std::vector<int64_t> out;
  for (const std::string& bytes : clip_pieces(text)) {
    const Ids& ids = piece(bytes);
    out.insert(out.end(), ids.begin(), ids.end());
  }
  return out;
}

std::vector<int64_t> ClipTokenizer::prompt(std::string_view text) const {
  std::vector<int64_t> out = encode(text);
  constexpr size_t kRoom = kContext - 2;
  if (out.size() > kRoom) {
    log_warning(concat("the text '", shortened(text), "' has ", out.size(), " tokens: only the first ", kRoom, " are used"));
    out.resize(kRoom);
  }
  out.insert(out.begin(), kStart);
  out.push_back(kEnd);
  return out;
}

}  // namespace tss
