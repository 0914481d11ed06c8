#include "textsemiseg/archive/random_access_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {

RandomAccessFile::RandomAccessFile(const std::filesystem::path& path)
    : path_(path),
      file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // of a pipe nobody writes to, opening would wait for ever
  if (file_ < 0) throw InputError(path.string(), "cannot be opened", "a readable file");
  struct stat status{};
  if (::fstat(file_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file_);
    throw InputError(path.string(), "is not a file", "a file");
  }
  size_ = static_cast<uint64_t>(status.st_size);
}

RandomAccessFile::~RandomAccessFile() { ::close(file_); }

void RandomAccessFile::read(uint64_t offset, uint64_t bytes, void* to) const {
  if (offset > size_ || bytes > size_ - offset)
    throw InputError(path_.string(), concat("is truncated: ", size_, " bytes"),
                     concat("at least ", offset > UINT64_MAX - bytes ? UINT64_MAX : offset + bytes));
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    constexpr uint64_t kMost = uint64_t{1} << 30;  // one call reads less than 2 GiB
    const ssize_t got = ::pread(file_, at, std::min(bytes, kMost), static_cast<off_t>(offset));
    if (got <= 0) throw InputError(path_.string(), concat("cannot be read at byte ", offset), "a readable file");
    at += got;
    offset += static_cast<uint64_t>(got);
    bytes -= static_cast<uint64_t>(got);
  }
}

std::string RandomAccessFile::text(uint64_t offset, uint64_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) read(offset, bytes, nullptr);  // says what is missing
  std::string out(bytes, '\0');
  read(offset, bytes, out.data());
  return out;
}

}  // namespace tss
