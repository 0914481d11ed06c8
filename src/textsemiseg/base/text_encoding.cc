#include "textsemiseg/base/text_encoding.h"

#include <algorithm>
#include <cstdint>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr std::string_view kMark = "\xEF\xBB\xBF", kLittle = "\xFF\xFE", kBig = "\xFE\xFF";

void append_utf8(std::string& out, uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

std::string from_utf16(std::string_view bytes, bool big, const std::string& subject) {
  const auto unit = [&](size_t i) {
    const auto first = static_cast<uint8_t>(bytes[i]), second = static_cast<uint8_t>(bytes[i + 1]);
    return static_cast<uint32_t>(big ? first << 8 | second : second << 8 | first);
  };
  std::string out;
  bool sound = bytes.size() % 2 == 0;
  for (size_t i = 2; sound && i + 1 < bytes.size(); i += 2) {
    uint32_t code = unit(i);
    if (code >= 0xD800 && code < 0xE000) {  // a pair of surrogates
      sound = code < 0xDC00 && i + 3 < bytes.size() && unit(i + 2) >= 0xDC00 && unit(i + 2) < 0xE000;
      if (sound) code = 0x10000 + ((code - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    }
    append_utf8(out, code);
  }
  if (!sound) throw InputError(subject, "is damaged UTF-16 text", "text in UTF-8");
  return out;
}

}  // namespace

std::string wide_encoding(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (starts_with(bytes, "\xFF\xFE\0\0"sv) || starts_with(bytes, "\0\0\xFE\xFF"sv)) return "UTF-32";
  if (starts_with(bytes, kLittle) || starts_with(bytes, kBig)) return "UTF-16";
  // Without a mark: every second byte of the first letters is zero.
  if (bytes.size() >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[2] == 0) == (bytes[0] == 0) &&
      (bytes[3] == 0) == (bytes[1] == 0))
    return "UTF-16";
  return "";
}

void require_utf8(const std::string& name, const std::string& subject) {
  if (!is_utf8(name))
    throw InputError(subject, "'" + printable(name) + "' is not UTF-8", "a name in UTF-8, which records can hold: rename it");
}

std::string decoded_text(std::string bytes, const std::string& subject) {
  if (starts_with(bytes, kMark)) bytes.erase(0, kMark.size());
  if (wide_encoding(bytes) == "UTF-16" && (starts_with(bytes, kLittle) || starts_with(bytes, kBig)))
    return from_utf16(bytes, starts_with(bytes, kBig), subject);
  if (const std::string wide = wide_encoding(bytes); !wide.empty())
    throw InputError(subject, "is " + wide + " text", "text in UTF-8");
  if (!is_utf8(bytes)) {
    size_t line = 1, at = 0;
    for (std::string_view rest = bytes; !rest.empty();) {
      const size_t length = utf8_length(rest);
      if (length == 0) break;
      line += rest.front() == '\n';
      rest.remove_prefix(length);
      at += length;
    }
    throw InputError(concat(subject, ", line ", line),
                     "holds the byte " + printable(bytes.substr(at, 1)) + ", which is not UTF-8",
                     "text in UTF-8 (it may be Latin-1 or another encoding)");
  }
  return bytes;
}

}  // namespace tss
