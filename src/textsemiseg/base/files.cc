#include "textsemiseg/base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/stream_file.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_name.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void cannot_write(const fs::path& path, const std::string& reason) {
  throw InputError(path.string(), "cannot be written (" + reason + ")", "a writable place");
}

// What was written must be on the disk before the name is. A file system without fsync is taken at its word.
void flush_to_disk(const fs::path& file, const fs::path& named) {
  const int open_file = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (open_file < 0) cannot_write(named, std::strerror(errno));
  const int flushed = ::fsync(open_file) == 0 || errno == EINVAL || errno == EROFS || errno == EOPNOTSUPP ? 0 : errno;
  const int closed = ::close(open_file) == 0 ? 0 : errno;
  if (flushed != 0 || closed != 0) cannot_write(named, std::strerror(flushed != 0 ? flushed : closed));
}

// The file that a link, or a chain of them, stands for; it need not exist.
fs::path followed(fs::path path) {
  std::error_code ignored;
  for (int links = 0; links < 40 && fs::is_symlink(path, ignored); ++links) {
    const fs::path target = fs::read_symlink(path, ignored);
    path = target.is_absolute() ? target : path.parent_path() / target;
  }
  return path;
}

// An empty file of a name that nobody can guess; what stands there already is not opened.
fs::path make_temporary(const fs::path& folder, const fs::path& named) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const fs::path path = temporary_name(folder, named);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) {
      if (::close(file) == 0) return path;
      const int reason = errno;
      ::unlink(path.c_str());
      errno = reason;
      break;
    }
    if (errno != EEXIST) break;
  }
  cannot_write(named, std::strerror(errno));
}

// A device or a pipe cannot be replaced: what the writer made is copied into it.
void write_through(const fs::path& temporary, const fs::path& target, const fs::path& named) {
  const int out = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
  if (out < 0) cannot_write(named, std::strerror(errno));
  std::ifstream in(temporary, std::ios::binary);
  char buffer[1 << 16];
  int error = 0;
  while (error == 0 && in) {
    in.read(buffer, sizeof buffer);
    for (ssize_t at = 0, size = in.gcount(); at < size;) {
      const ssize_t written = ::write(out, buffer + at, static_cast<size_t>(size - at));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) {
        error = written < 0 ? errno : EIO;
        break;
      }
      at += written;
    }
  }
  if (::close(out) != 0 && error == 0) error = errno;
  if (error != 0) cannot_write(named, std::strerror(error));
}

}  // namespace

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& writer) {
  std::error_code ignored;
  const bool through = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored) && !fs::is_directory(path, ignored);
  const fs::path target = through ? path : followed(path);  // /dev/stdout is a link that only the system can follow
  const fs::path folder = through ? fs::temp_directory_path() : target.has_parent_path() ? target.parent_path() : fs::path(".");
  fs::path temporary;
  try {
    fs::create_directories(folder);
    remove_left_overs(folder);
    temporary = make_temporary(folder, path);
    writer(temporary);
    if (through) {
      write_through(temporary, target, path);
      fs::remove(temporary, ignored);
      return;
    }
    flush_to_disk(temporary, path);
    fs::rename(temporary, target);
  } catch (const fs::filesystem_error& error) {
    if (!temporary.empty()) fs::remove(temporary, ignored);
    cannot_write(path, error.code().message());
  } catch (...) {
    if (!temporary.empty()) fs::remove(temporary, ignored);
    throw;
  }
  flush_to_disk(folder, path);
}

void write_text_file(const fs::path& path, std::string_view text) {
  write_stream_file(path, [&](std::ostream& out) { out.write(text.data(), static_cast<std::streamsize>(text.size())); });
}

void require_regular_file(const fs::path& path) {
  std::error_code ignored;
  const fs::file_type type = fs::status(path, ignored).type();
  if (type == fs::file_type::regular) return;
  if (type == fs::file_type::directory) throw InputError(path.string(), "is a folder", "a file");
  if (type == fs::file_type::not_found || type == fs::file_type::none || type == fs::file_type::unknown)
    throw InputError(path.string(), "cannot be opened", "a readable file");
  throw InputError(path.string(),
                   type == fs::file_type::fifo     ? "is a pipe"
                   : type == fs::file_type::socket ? "is a socket"
                                                   : "is a device",
                   "a regular file");
}

std::string read_text_file(const fs::path& path, int64_t most_bytes) {
  require_regular_file(path);
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string(), "cannot be opened", "a readable file");
  // Files of /proc say that they are empty, and others grow while they are read: counted, not believed.
  std::string text;
  std::error_code ignored;
  const auto size = fs::file_size(path, ignored);
  if (!ignored) text.reserve(std::min<uint64_t>(size, static_cast<uint64_t>(most_bytes)));
  for (char buffer[1 << 16]; in;) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<size_t>(in.gcount()));
    if (static_cast<int64_t>(text.size()) > most_bytes)
      throw InputError(path.string(), concat("is larger than ", most_bytes >> 20, " MB"), "a text file of at most that size");
  }
  if (in.bad()) throw InputError(path.string(), "cannot be read", "a readable file");
  return text;
}

uint64_t hash_bytes(std::string_view bytes, uint64_t start) {
  uint64_t value = start;
  for (const char c : bytes) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return value;
}

std::string hex(uint64_t value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(16, '0');
  for (size_t i = 16; i-- > 0; value >>= 4) out[i] = kDigits[value & 15];
  return out;
}

}  // namespace tss
