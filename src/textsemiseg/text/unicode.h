// What the tokenizers share of Unicode (ICU). No torch here.
#pragma once

#include <unicode/unistr.h>

#include <string>
#include <string_view>

namespace tss {

// What is not UTF-8 becomes U+FFFD.
icu::UnicodeString from_utf8(std::string_view text);
std::string to_utf8(const icu::UnicodeString& text);

// The text itself, or its first 60 characters and "...", for messages.
std::string shortened(std::string_view text);

icu::UnicodeString composed(const icu::UnicodeString& text);    // NFC
icu::UnicodeString decomposed(const icu::UnicodeString& text);  // NFD

// Every code point by its own lower-case mapping, as the tokenizers of Hugging Face do: a capital sigma becomes U+03C3 wherever it stands,
// while Python's str.lower and ICU's toLower give U+03C2 at the end of a word. U+0130 alone has a mapping of two code points.
icu::UnicodeString lowered(const icu::UnicodeString& text);

}  // namespace tss
