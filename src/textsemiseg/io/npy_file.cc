#include "textsemiseg/io/npy_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

struct TypeEntry {
  NpyType type;
  const char* descr;
  size_t bytes;
};

constexpr std::array<TypeEntry, 7> kTypes{{{NpyType::kFloat32, "<f4", 4},
                                           {NpyType::kFloat64, "<f8", 8},
                                           {NpyType::kFloat16, "<f2", 2},
                                           {NpyType::kUint8, "|u1", 1},
                                           {NpyType::kInt16, "<i2", 2},
                                           {NpyType::kInt32, "<i4", 4},
                                           {NpyType::kInt64, "<i8", 8}}};

const TypeEntry& entry_of(NpyType type) {
  for (const auto& entry : kTypes)
    if (entry.type == type) return entry;
  throw Error("unknown NPY type");
}

// The text after "'key':" in the header, a Python dictionary that NumPy writes in a fixed style.
std::string_view value_of(const fs::path& path, std::string_view header, const std::string& key) {
  for (const char quote : {'\'', '"'}) {
    const size_t at = header.find(quote + key + quote);
    if (at == std::string_view::npos) continue;
    const size_t colon = header.find(':', at);
    if (colon == std::string_view::npos) break;
    const size_t begin = header.find_first_not_of(" ", colon + 1);
    if (begin != std::string_view::npos) return header.substr(begin);
  }
  throw InputError(path.string(), "has no '" + key + "' in its header", "an NPY file as NumPy writes it");
}

std::vector<int64_t> parse_shape(const fs::path& path, std::string_view text) {
  const size_t end = text.find(')');
  if (text.empty() || text.front() != '(' || end == std::string_view::npos)
    throw InputError(path.string() + ": shape", "found '" + std::string(text.substr(0, 20)) + "'", "a tuple");
  std::vector<int64_t> shape;
  for (const std::string& part : split(text.substr(1, end - 1), ',')) {
    if (trim(part).empty()) continue;
    shape.push_back(parse_integer(path.string() + ": shape", trim(part)));
    if (shape.back() < 0) throw InputError(path.string() + ": shape", "found " + part, "no negative sizes");
  }
  return shape;
}

}  // namespace

MappedNpy::MappedNpy(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw InputError(path.string(), "cannot be opened", "a readable NPY file");
  struct stat status{};
  ::fstat(file, &status);
  bytes_ = static_cast<size_t>(status.st_size);
  constexpr size_t kPreamble = 10;
  const bool regular = S_ISREG(status.st_mode) && bytes_ >= kPreamble;
  void* mapped = regular ? ::mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, file, 0) : MAP_FAILED;
  ::close(file);
  if (mapped == MAP_FAILED)
    throw InputError(path.string(), "is not an NPY file (empty, or not a file)", "an array saved by NumPy");
  MappedNpy view;  // unmaps when a check below throws
  view.mapping_ = mapped;
  view.bytes_ = bytes_;

  const auto* bytes = static_cast<const unsigned char*>(mapped);
  if (std::memcmp(bytes, "\x93NUMPY", 6) != 0) throw InputError(path.string(), "is not an NPY file", "an array saved by NumPy");
  // Version 1 has a two-byte header length, versions 2 and 3 four bytes.
  const size_t start = bytes[6] == 1 ? 10 : 12;
  size_t length = size_t{bytes[8]} | size_t{bytes[9]} << 8;
  if (start == 12 && bytes_ >= 12) length |= size_t{bytes[10]} << 16 | size_t{bytes[11]} << 24;
  if (start + length > bytes_)
    throw InputError(path.string(), concat("is truncated: ", bytes_, " bytes"), concat("a header of ", start + length, " bytes"));
  const std::string_view header(reinterpret_cast<const char*>(bytes) + start, length);

  if (starts_with(value_of(path, header, "fortran_order"), "True"))
    throw InputError(path.string(), "is in Fortran order", "C order (numpy.ascontiguousarray before saving)");
  const std::string_view descr = value_of(path, header, "descr");
  const TypeEntry* entry = nullptr;
  for (const auto& known : kTypes)
    if (descr.substr(1, 3) == known.descr) entry = &known;
  if (!entry)
    throw InputError(path.string(), "has the type " + std::string(descr.substr(0, descr.find(','))),
                     "one of <f4, <f8, <f2, |u1, <i2, <i4, <i8");
  view.type_ = entry->type;
  view.shape_ = parse_shape(path, value_of(path, header, "shape"));
  // Divides the room instead of multiplying the sizes, which could overflow.
  size_t room = (bytes_ - start - length) / entry->bytes;
  const bool empty = std::find(view.shape_.begin(), view.shape_.end(), 0) != view.shape_.end();
  if (!empty)
    for (const int64_t n : view.shape_) room /= static_cast<size_t>(n);
  if (!empty && room == 0)
    throw InputError(path.string(), concat("is truncated: ", bytes_, " bytes"), "room for shape " + join(view.shape_, " x "));
  view.data_ = bytes + start + length;
  if ((start + length) % entry->bytes != 0) throw InputError(path.string(), "has unaligned data", "a file as NumPy writes it");
  *this = std::move(view);
}

MappedNpy::~MappedNpy() {
  if (mapping_) ::munmap(mapping_, bytes_);
}

MappedNpy::MappedNpy(MappedNpy&& other) noexcept { *this = std::move(other); }

MappedNpy& MappedNpy::operator=(MappedNpy&& other) noexcept {
  std::swap(mapping_, other.mapping_);
  std::swap(bytes_, other.bytes_);
  std::swap(data_, other.data_);
  std::swap(type_, other.type_);
  std::swap(shape_, other.shape_);
  return *this;
}

void MappedNpy::require(NpyType type) const {
  if (type != type_) throw Error(concat("an NPY array of type ", entry_of(type_).descr, " was read as ", entry_of(type).descr));
}

int64_t MappedNpy::elements() const {
  int64_t count = 1;
  for (const int64_t n : shape_) count *= n;
  return count;
}

void write_npy(const fs::path& path, NpyType type, const std::vector<int64_t>& shape, const void* data) {
  const TypeEntry& entry = entry_of(type);
  std::string header = concat("{'descr': '", entry.descr, "', 'fortran_order': False, 'shape': (", join(shape, ", "),
                              shape.size() == 1 ? ",), }" : "), }");
  constexpr size_t kPreamble = 10, kAlignment = 64;
  header.append(kAlignment - (kPreamble + header.size() + 1) % kAlignment, ' ');
  header += '\n';
  size_t bytes = entry.bytes;
  for (const int64_t n : shape) bytes *= static_cast<size_t>(n);
  write_atomically(path, [&](const fs::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    out.write("\x93NUMPY\x01\x00", 8);
    out.put(static_cast<char>(header.size() & 255)).put(static_cast<char>(header.size() >> 8));
    out << header;
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
    out.flush();
    if (!out) throw InputError(path.string(), "cannot be written", "a writable place with room on the disk");
  });
}

}  // namespace tss
