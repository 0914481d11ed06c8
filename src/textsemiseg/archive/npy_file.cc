#include "textsemiseg/archive/npy_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/stream_file.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;

MappedNpy::MappedNpy(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
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

  const std::string subject = path.string();
  const NpyHeader header = parse_npy_header({static_cast<const char*>(mapped), bytes_}, subject);
  require_c_order(header, subject);
  view.type_ = require_npy_type(header, subject);
  view.shape_ = header.shape;
  const size_t item_bytes = npy_item_bytes(view.type_);
  check_npy_bytes(header, item_bytes, bytes_ - header.data, subject);
  view.data_ = static_cast<const char*>(mapped) + header.data;
  if (header.data % item_bytes != 0) throw InputError(subject, "has unaligned data", "a file as NumPy writes it");
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
  if (type != type_) throw Error(concat("an NPY array of type ", npy_descr(type_), " was read as ", npy_descr(type)));
}

int64_t MappedNpy::elements() const {
  int64_t count = 1;
  for (const int64_t n : shape_) count *= n;
  return count;
}

void write_npy(const fs::path& path, NpyType type, const std::vector<int64_t>& shape, const void* data) {
  const std::string preamble = npy_preamble(type, shape);
  size_t bytes = npy_item_bytes(type);
  for (const int64_t n : shape) bytes *= static_cast<size_t>(n);
  write_stream_file(path, [&](std::ostream& out) {
    out << preamble;
    out.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes));
  });
}

}  // namespace tss
