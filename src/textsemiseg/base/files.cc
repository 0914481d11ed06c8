#include "textsemiseg/base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <fstream>
#include <mutex>
#include <random>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/machine.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kTemporaryPrefix[] = ".tmp-";

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

std::string machine_mark() { return hex(hash_bytes(host_name() + " " + machine_id())).substr(0, 8); }

std::string random_mark() {
  static std::atomic<uint64_t> count{0};
  static const uint64_t start = (uint64_t{std::random_device{}()} << 32) ^ std::random_device{}();
  return hex(hash_bytes(concat(start, " ", ::getpid(), " ", count++)));
}

// The end of a name, with its extension: what is put before it must not make it longer than names may be there.
std::string fitting_end(const fs::path& folder, const std::string& name, size_t before) {
  const long most = ::pathconf(folder.c_str(), _PC_NAME_MAX);
  const size_t room = static_cast<size_t>(most > 0 ? most : 255) - before;
  if (name.size() <= room) return name;
  size_t begin = name.size() - room;
  while (begin < name.size() && (static_cast<unsigned char>(name[begin]) & 0xC0) == 0x80) ++begin;  // no half characters
  return name.substr(begin);
}

// Keeps the extension at the end: some libraries choose the format by it. Nobody can guess the name, and what stands there is not opened.
fs::path make_temporary(const fs::path& folder, const fs::path& named) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::string mark = concat(kTemporaryPrefix, machine_mark(), "-", ::getpid(), "-", random_mark(), "-");
    const fs::path path = folder / (mark + fitting_end(folder, named.filename().string(), mark.size()));
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file >= 0) {
      ::close(file);
      return path;
    }
    if (errno != EEXIST) break;
  }
  cannot_write(named, std::strerror(errno));
}

// True for a temporary file whose writer was killed: a process of this machine that is gone, or any that has been silent for a day.
bool is_left_over(const fs::path& path) {
  const std::string name = path.filename().string(), own = kTemporaryPrefix + machine_mark() + "-";
  int process = 0;
  if (name.starts_with(own) && std::from_chars(name.data() + own.size(), name.data() + name.size(), process).ec == std::errc()) {
    return is_gone(process);
  }
  std::error_code error;
  const auto changed = fs::last_write_time(path, error);
  return !error && fs::file_time_type::clock::now() - changed > std::chrono::hours(24);
}

// Once for each folder and process.
void remove_left_overs(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> done;
  {
    const std::lock_guard guard(mutex);
    if (!done.insert(folder).second) return;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!entry.path().filename().string().starts_with(kTemporaryPrefix) || !entry.is_regular_file(error)) continue;
    if (is_left_over(entry.path())) fs::remove(entry.path(), error);
  }
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
  write_atomically(path, [&](const fs::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
    if (!out) throw InputError(path.string(), "cannot be written", "a writable place with room on the disk");
  });
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
