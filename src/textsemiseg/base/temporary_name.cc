#include "textsemiseg/base/temporary_name.h"

#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/machine.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr char kTemporaryPrefix[] = ".tmp-";

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

}  // namespace

bool is_temporary_name(const fs::path& path) { return path.filename().string().starts_with(kTemporaryPrefix); }

fs::path temporary_name(const fs::path& folder, const fs::path& named) {
  const std::string mark = concat(kTemporaryPrefix, machine_mark(), "-", ::getpid(), "-", random_mark(), "-");
  return folder / (mark + fitting_end(folder, named.filename().string(), mark.size()));
}

void remove_left_overs(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<fs::path> done;
  {
    const std::lock_guard guard(mutex);
    if (!done.insert(folder).second) return;
  }
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!is_temporary_name(entry.path()) || entry.is_symlink(error)) continue;
    if (is_left_over(entry.path())) fs::remove_all(entry.path(), error);
  }
}

}  // namespace tss
