#include "textsemiseg/base/printable.h"

#include <cstdint>
#include <cstdio>

namespace tss {
namespace {

uint8_t byte_at(std::string_view text, size_t at) { return static_cast<uint8_t>(text[at]); }

// Of a well-formed character.
uint32_t code_of(std::string_view character) {
  if (character.size() == 1) return byte_at(character, 0);
  uint32_t code = byte_at(character, 0) & (0x7Fu >> character.size());
  for (size_t i = 1; i < character.size(); ++i) code = code << 6 | (byte_at(character, i) & 0x3Fu);
  return code;
}

// Controls (C0, DEL, C1), line and paragraph separators, marks of the reading direction, byte order mark.
bool is_hidden(uint32_t code) {
  return (code < 0x20 && code != '\t') || (code >= 0x7F && code <= 0x9F) || code == 0x61C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) || code == 0xFEFF;
}

std::string escaped(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  char out[16];
  std::snprintf(out, sizeof out, code < 0x80 ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(code));
  return out;
}

std::string escaped_byte(uint8_t byte) {
  char out[8];
  std::snprintf(out, sizeof out, "\\x%02x", static_cast<unsigned>(byte));
  return out;
}

// Bytes at the end of text that may become a character with those to come.
size_t incomplete_tail(std::string_view text) {
  for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const uint8_t byte = byte_at(text, text.size() - back);
    if ((byte & 0xC0) == 0x80) continue;
    const size_t wanted = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    return wanted > back ? back : 0;
  }
  return 0;
}

}  // namespace

size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const uint8_t first = byte_at(text, 0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xF0 && first <= 0xF4  ? 4
                        : first >= 0xE0 && first < 0xF0 ? 3
                        : first >= 0xC2 && first < 0xE0 ? 2
                                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  // Neither overlong forms, nor halves of surrogate pairs, nor what lies beyond U+10FFFF.
  const uint8_t lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint8_t highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(text, 1) < lowest || byte_at(text, 1) > highest) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte_at(text, i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    if (length == 0) {
      out += escaped_byte(byte_at(text, 0));
    } else if (const uint32_t code = code_of(text.substr(0, length)); is_hidden(code)) {
      out += escaped(code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

bool PrintableLines::pass_on(size_t bytes) {
  const bool whole = bytes > 0 && line_[bytes - 1] == '\n';
  const std::string text = printable(std::string_view(line_).substr(0, bytes - (whole ? 1 : 0))) + (whole ? "\n" : "");
  line_.erase(0, bytes);
  return to_.sputn(text.data(), static_cast<std::streamsize>(text.size())) == static_cast<std::streamsize>(text.size());
}

PrintableLines::int_type PrintableLines::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  line_ += traits_type::to_char_type(c);
  return line_.back() != '\n' || pass_on(line_.size()) ? c : traits_type::eof();
}

int PrintableLines::sync() { return pass_on(line_.size() - incomplete_tail(line_)) && to_.pubsync() == 0 ? 0 : -1; }

}  // namespace tss
