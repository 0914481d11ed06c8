#include "textsemiseg/text/unicode.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include "textsemiseg/base/error.h"

namespace tss {
namespace {

icu::UnicodeString normalised(const icu::UnicodeString& text, const icu::Normalizer2* (*form)(UErrorCode&)) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = form(status);
  const icu::UnicodeString out = U_SUCCESS(status) ? normalizer->normalize(text, status) : text;
  if (U_FAILURE(status))
    throw Error(std::string("ICU cannot normalise text (") + u_errorName(status) + "): are its data files there?");
  return out;
}

}  // namespace

icu::UnicodeString from_utf8(std::string_view text) {
  return icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
}

std::string to_utf8(const icu::UnicodeString& text) {
  std::string out;
  text.toUTF8String(out);
  return out;
}

std::string shortened(std::string_view text) {
  constexpr int32_t kShown = 60;
  const icu::UnicodeString all = from_utf8(text);
  if (all.countChar32() <= kShown) return std::string(text);
  return to_utf8(all.tempSubStringBetween(0, all.moveIndex32(0, kShown))) + "...";
}

icu::UnicodeString composed(const icu::UnicodeString& text) { return normalised(text, icu::Normalizer2::getNFCInstance); }
icu::UnicodeString decomposed(const icu::UnicodeString& text) { return normalised(text, icu::Normalizer2::getNFDInstance); }

icu::UnicodeString lowered(const icu::UnicodeString& text) {
  constexpr UChar32 kDottedCapitalI = 0x130;
  icu::UnicodeString out;
  for (int32_t at = 0; at < text.length(); at = text.moveIndex32(at, 1)) {
    const UChar32 c = text.char32At(at);
    if (c == kDottedCapitalI) {
      out.append(UChar32{'i'}).append(UChar32{0x307});
    } else {
      out.append(u_tolower(c));
    }
  }
  return out;
}

}  // namespace tss
