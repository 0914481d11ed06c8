#include "textsemiseg/weights/npz.h"

#include <algorithm>
#include <cstring>
#include <list>

#include "textsemiseg/archive/npy_bytes.h"
#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 63));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18 & 7));
    out += static_cast<char>(0x80 | (c >> 12 & 63));
    out += static_cast<char>(0x80 | (c >> 6 & 63));
    out += static_cast<char>(0x80 | (c & 63));
  }
}

// The code points of UTF-8; what is not UTF-8 is an Error of the program, which made the text.
std::vector<uint32_t> code_points(const std::string& text) {
  std::vector<uint32_t> out;
  for (size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (i + length > text.size() || (first >= 0x80 && first < 0xC0)) throw Error("a text for an .npz file is not UTF-8");
    uint32_t value = length == 1 ? first : first & (0x7Fu >> length);
    for (size_t k = 1; k < length; ++k) value = value << 6 | (static_cast<unsigned char>(text[i + k]) & 63);
    out.push_back(value);
    i += length;
  }
  return out;
}

// "<U12" (UTF-32) and "|S12" (bytes), padded with zeros.
std::vector<std::string> texts_of(const NpyHeader& header, const std::string& bytes, const std::string& subject) {
  const bool wide = header.descr[1] == 'U';
  const auto letters = static_cast<size_t>(parse_integer(subject + ": type", header.descr.substr(2)));
  if (header.shape.size() > 1)
    throw InputError(subject, concat("is an array of text with ", header.shape.size(), " dimensions"), "one");
  const size_t count = header.shape.empty() ? 1 : static_cast<size_t>(header.shape[0]);
  constexpr size_t kMostEmpty = 1'000'000;  // texts that take no bytes
  if (letters == 0 && count > kMostEmpty) throw InputError(subject, concat("has ", count, " empty texts"), "texts");
  std::vector<std::string> out;
  const size_t item = letters * (wide ? 4 : 1);
  for (size_t i = 0; i < count; ++i) {
    const char* at = bytes.data() + header.data + i * item;
    std::string text;
    for (size_t k = 0; k < letters; ++k) {
      uint32_t c = 0;
      if (wide) {
        std::memcpy(&c, at + 4 * k, 4);
      } else {
        c = static_cast<unsigned char>(at[k]);
      }
      if (c == 0) break;
      if (wide) {
        append_utf8(text, c);
      } else {
        text += static_cast<char>(c);
      }
    }
    out.push_back(std::move(text));
  }
  return out;
}

NpyType npy_type_of(torch::Dtype type) {
  for (const NpyType known : {NpyType::kFloat32, NpyType::kFloat64, NpyType::kFloat16, NpyType::kUint8, NpyType::kInt16,
                              NpyType::kInt32, NpyType::kInt64})
    if (dtype_of(known) == type) return known;
  throw Error(std::string("NumPy files hold no ") + torch::toString(type));
}

}  // namespace

torch::Dtype dtype_of(NpyType type) {
  switch (type) {
    case NpyType::kFloat32:
      return torch::kFloat32;
    case NpyType::kFloat64:
      return torch::kFloat64;
    case NpyType::kFloat16:
      return torch::kFloat16;
    case NpyType::kUint8:
      return torch::kUInt8;
    case NpyType::kInt16:
      return torch::kInt16;
    case NpyType::kInt32:
      return torch::kInt32;
    case NpyType::kInt64:
      return torch::kInt64;
    case NpyType::kBool:
      return torch::kBool;
    case NpyType::kInt8:
      return torch::kInt8;
    case NpyType::kUint16:
      return torch::kUInt16;
    case NpyType::kUint32:
      return torch::kUInt32;
    case NpyType::kUint64:
      return torch::kUInt64;
  }
  return torch::kFloat32;
}

NpzFile read_npz_file(const fs::path& path) {
  const ZipFile zip(path);
  NpzFile out;
  for (const ZipRecord& record : zip.records()) {
    const std::string name = ends_with(record.name, ".npy") ? record.name.substr(0, record.name.size() - 4) : record.name;
    const std::string subject = path.string() + ": array '" + name + "'";
    const auto [header, bytes] = read_npy_bytes(zip, record, subject, NpyContent::kNumbersOrText);
    require_c_order(header, subject);
    if (is_npy_text(header)) {
      out.texts[name] = texts_of(header, bytes, subject);
      continue;
    }
    const NpyType type = require_npy_type(header, subject);
    torch::Tensor tensor = torch::empty(header.shape, dtype_of(type));
    std::memcpy(tensor.data_ptr(), bytes.data() + header.data, tensor.nbytes());
    out.tensors[name] = std::move(tensor);
  }
  if (out.tensors.empty() && out.texts.empty()) throw InputError(path.string(), "holds no arrays", "an archive of numpy.savez");
  return out;
}

TensorMap read_npz(const fs::path& path) { return read_npz_file(path).tensors; }

void write_npz(const fs::path& path, const NpzFile& file) {
  std::list<torch::Tensor> keep;  // what the pieces point into
  std::list<std::string> texts;
  std::vector<ZipPiece> pieces;
  for (const auto& [name, given] : file.tensors) {
    torch::Tensor tensor = given.detach().to(torch::kCPU);
    if (tensor.scalar_type() == torch::kBFloat16) tensor = tensor.to(torch::kFloat32);
    if (tensor.scalar_type() == torch::kBool) tensor = tensor.to(torch::kUInt8);
    keep.push_back(tensor.contiguous());
    const torch::Tensor& last = keep.back();
    pieces.push_back({name + ".npy",
                      npy_preamble(npy_type_of(last.scalar_type()), last.sizes().vec()),
                      {static_cast<const char*>(last.data_ptr()), last.nbytes()}});
  }
  for (const auto& [name, lines] : file.texts) {
    std::vector<std::vector<uint32_t>> rows;
    size_t longest = 1;
    for (const std::string& line : lines) {
      rows.push_back(code_points(line));
      longest = std::max(longest, rows.back().size());
    }
    std::string& bytes = texts.emplace_back();
    for (std::vector<uint32_t>& row : rows) {
      row.resize(longest, 0);
      bytes.append(reinterpret_cast<const char*>(row.data()), row.size() * 4);
    }
    pieces.push_back({name + ".npy", npy_preamble(concat("<U", longest), {static_cast<int64_t>(lines.size())}), bytes});
  }
  write_zip(path, pieces);
}

}  // namespace tss
