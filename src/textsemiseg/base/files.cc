#include "textsemiseg/base/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void flush_to_disk(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

// Keeps the extension at the end: some libraries choose the format by it.
fs::path temporary_beside(const fs::path& path) {
  return path.parent_path() / concat(".tmp-", ::getpid(), "-", path.filename().string());
}

}  // namespace

void write_atomically(const fs::path& path, const std::function<void(const fs::path&)>& writer) {
  const fs::path temporary = temporary_beside(path);
  std::error_code ignored;
  try {
    if (path.has_parent_path()) fs::create_directories(path.parent_path());
    writer(temporary);
    flush_to_disk(temporary);
    fs::rename(temporary, path);
  } catch (const fs::filesystem_error& error) {
    fs::remove(temporary, ignored);
    throw InputError(path.string(), "cannot be written (" + error.code().message() + ")", "a writable place");
  } catch (...) {
    fs::remove(temporary, ignored);
    throw;
  }
  if (path.has_parent_path()) flush_to_disk(path.parent_path());
}

void write_text_file(const fs::path& path, std::string_view text) {
  write_atomically(path, [&](const fs::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.flush();
    if (!out) throw InputError(path.string(), "cannot be written", "a writable place with room on the disk");
  });
}

std::string read_text_file(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw InputError(path.string(), "is a folder", "a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(path.string(), "cannot be opened", "a readable file");
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
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
