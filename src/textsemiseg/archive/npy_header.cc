#include "textsemiseg/archive/npy_header.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

struct TypeEntry {
  NpyType type;
  const char* descr;
  size_t bytes;
};

constexpr std::array<TypeEntry, 12> kTypes{{{NpyType::kFloat32, "<f4", 4},
                                            {NpyType::kFloat64, "<f8", 8},
                                            {NpyType::kFloat16, "<f2", 2},
                                            {NpyType::kUint8, "|u1", 1},
                                            {NpyType::kInt16, "<i2", 2},
                                            {NpyType::kInt32, "<i4", 4},
                                            {NpyType::kInt64, "<i8", 8},
                                            {NpyType::kBool, "|b1", 1},
                                            {NpyType::kInt8, "|i1", 1},
                                            {NpyType::kUint16, "<u2", 2},
                                            {NpyType::kUint32, "<u4", 4},
                                            {NpyType::kUint64, "<u8", 8}}};

const TypeEntry& entry_of(NpyType type) {
  for (const auto& entry : kTypes)
    if (entry.type == type) return entry;
  throw Error("unknown NPY type");
}

// The text after "'key':" in the header, a Python dictionary that NumPy writes in a fixed style.
std::string_view value_of(const std::string& subject, std::string_view header, const std::string& key) {
  for (const char quote : {'\'', '"'}) {
    const size_t at = header.find(quote + key + quote);
    if (at == std::string_view::npos) continue;
    const size_t colon = header.find(':', at);
    if (colon == std::string_view::npos) break;
    const size_t begin = header.find_first_not_of(" ", colon + 1);
    if (begin != std::string_view::npos) return header.substr(begin);
  }
  throw InputError(subject, "has no '" + key + "' in its header", "an NPY file as NumPy writes it");
}

// The quoted text at the beginning; what is not quoted (the list of a structured type) up to the first comma.
std::string quoted(std::string_view text) {
  const bool has_quote = text.front() == '\'' || text.front() == '"';
  const size_t end = has_quote ? text.find(text.front(), 1) : text.find(',');
  return std::string(text.substr(has_quote ? 1 : 0, end == std::string_view::npos ? 20 : end - (has_quote ? 1 : 0)));
}

std::vector<int64_t> parse_shape(const std::string& subject, std::string_view text) {
  const size_t end = text.find(')');
  if (text.empty() || text.front() != '(' || end == std::string_view::npos)
    throw InputError(subject + ": shape", "found '" + std::string(text.substr(0, 20)) + "'", "a tuple");
  std::vector<int64_t> shape;
  for (const std::string& part : split(text.substr(1, end - 1), ',')) {
    if (trim(part).empty()) continue;
    shape.push_back(parse_integer(subject + ": shape", trim(part)));
    if (shape.back() < 0) throw InputError(subject + ": shape", "found " + part, "no negative sizes");
  }
  return shape;
}

}  // namespace

size_t npy_item_bytes(NpyType type) { return entry_of(type).bytes; }
const char* npy_descr(NpyType type) { return entry_of(type).descr; }

std::optional<NpyType> NpyHeader::type() const {
  for (const auto& entry : kTypes)
    if (descr == entry.descr) return entry.type;
  return std::nullopt;
}

NpyHeader parse_npy_header(std::string_view bytes, const std::string& subject) {
  constexpr size_t kPreamble = 10;
  if (bytes.size() < kPreamble || std::memcmp(bytes.data(), "\x93NUMPY", 6) != 0)
    throw InputError(subject, "is not an NPY file", "an array saved by NumPy");
  const auto byte = [&](size_t i) { return size_t{static_cast<unsigned char>(bytes[i])}; };
  // Version 1 has a two-byte header length, versions 2 and 3 four bytes.
  const size_t start = byte(6) == 1 ? 10 : 12;
  size_t length = byte(8) | byte(9) << 8;
  if (start == 12 && bytes.size() >= 12) length |= byte(10) << 16 | byte(11) << 24;
  if (length > kLongestNpyHeader)
    throw InputError(subject, concat("has a header of ", length, " bytes"), concat("at most ", kLongestNpyHeader));
  if (start + length > bytes.size())
    throw InputError(subject, concat("is truncated: ", bytes.size(), " bytes"), concat("a header of ", start + length, " bytes"));
  const std::string_view text = bytes.substr(start, length);
  const std::string dictionary = trim(text);
  if (!text.ends_with('\n') || !dictionary.starts_with('{') || !dictionary.ends_with('}'))
    throw InputError(subject, "has a damaged header", "a dictionary, padded with blanks and ended by a line feed");
  NpyHeader header;
  header.fortran = starts_with(value_of(subject, text, "fortran_order"), "True");
  header.descr = quoted(value_of(subject, text, "descr"));
  header.shape = parse_shape(subject, value_of(subject, text, "shape"));
  header.data = start + length;
  return header;
}

void require_c_order(const NpyHeader& header, const std::string& subject) {
  if (header.fortran) throw InputError(subject, "is in Fortran order", "C order (numpy.ascontiguousarray before saving)");
}

NpyType require_npy_type(const NpyHeader& header, const std::string& subject) {
  const auto type = header.type();
  if (type) return *type;
  std::string known;
  for (const auto& entry : kTypes) known += concat(known.empty() ? "" : ", ", entry.descr);
  throw InputError(subject, "has the type '" + header.descr + "'", "one of " + known);
}

void check_npy_bytes(const NpyHeader& header, size_t item_bytes, size_t bytes, const std::string& subject) {
  const bool empty = std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end();
  // Divides the room instead of multiplying the sizes, which could overflow.
  size_t room = item_bytes == 0 ? 0 : bytes / item_bytes;
  for (const int64_t n : header.shape) room = empty ? 0 : room / static_cast<size_t>(n);
  if (!empty && item_bytes > 0 && room == 0)
    throw InputError(subject, concat("is truncated: ", header.data + bytes, " bytes"),
                     "room for shape " + join(header.shape, " x "));
  size_t needed = item_bytes;
  for (const int64_t n : header.shape) needed *= static_cast<size_t>(n);
  if (bytes != needed)
    throw InputError(subject, concat("holds ", bytes, " bytes behind its header"),
                     concat(needed, " for the shape ", join(header.shape, " x "), " and the type ", header.descr));
}

std::string npy_preamble(NpyType type, const std::vector<int64_t>& shape) { return npy_preamble(entry_of(type).descr, shape); }

std::string npy_preamble(const std::string& descr, const std::vector<int64_t>& shape) {
  std::string header = concat("{'descr': '", descr, "', 'fortran_order': False, 'shape': (", join(shape, ", "),
                              shape.size() == 1 ? ",), }" : "), }");
  constexpr size_t kPreamble = 10, kAlignment = 64;
  header.append(kAlignment - (kPreamble + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() & 255);
  out += static_cast<char>(header.size() >> 8);
  return out + header;
}

}  // namespace tss
