#include "textsemiseg/base/folder_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <mutex>
#include <thread>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/machine.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::string new_token() {
  static std::atomic<int> count{0};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return hex(hash_bytes(concat(host_name(), " ", ::getpid(), " ", now.tv_sec, " ", now.tv_nsec, " ", count++)));
}

double seconds_of(const timespec& time) { return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec); }

std::optional<double> modified(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return seconds_of(info.st_mtim);
}

// The present by the clock that gives the folder's files their times.
double folder_now(const fs::path& folder) {
  const fs::path probe = folder / (".now-" + new_token());
  const int file = ::open(probe.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
  std::optional<double> time;
  if (file >= 0) {
    if (::write(file, "x", 1) == 1) time = modified(probe);
    ::close(file);
    ::unlink(probe.c_str());
  }
  if (time) return *time;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return seconds_of(now);
}

// The lock under a name of its own, beside the place where it will stand.
fs::path write_candidate(const fs::path& path, const std::string& token) {
  fs::create_directories(path.parent_path());
  const fs::path own = path.parent_path() / ("." + path.filename().string() + "-" + token);
  const Json content = {
      {"host", host_name()}, {"pid", ::getpid()}, {"token", token}, {"machine", machine_id()}, {"since", timestamp()}};
  try {
    write_text_file(own, content.dump() + "\n");
  } catch (...) {  // its name may be there, only not surely on the disk
    ::unlink(own.c_str());
    throw;
  }
  return own;
}

// Replaces a stale lock by `own`. Of those who saw the same stale lock only the one that makes the file `right` goes on, and only
// while that lock is still the one that stands there.
bool take_over(const fs::path& path, const LockHolder& stale, const fs::path& own, double stale_after) {
  const fs::path right = path.parent_path() / ("." + path.filename().string() + "-takeover-" + stale.token);
  const int file = ::open(right.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (file < 0) {
    const auto time = modified(right);  // old: whoever made it ended before it took the lock
    if (time && folder_now(path.parent_path()) - *time > stale_after) ::unlink(right.c_str());
    return false;
  }
  ::close(file);
  const auto now = read_lock(path);
  const bool taken = now && now->token == stale.token && is_stale(*now, stale_after) && ::rename(own.c_str(), path.c_str()) == 0;
  ::unlink(right.c_str());
  if (taken)
    log_warning(
        concat(path.string(), ": the lock of ", describe(stale),
               stale.age > stale_after ? ", without a sign of life for " + format_duration(stale.age) + "," : ", which is gone,",
               " is taken over"));
  return taken;
}

}  // namespace

std::string describe(const LockHolder& holder) { return concat(holder.host, ":", holder.pid, " since ", holder.since); }

std::optional<LockHolder> read_lock(const fs::path& path) {
  const auto time = modified(path);
  if (!time) return std::nullopt;
  LockHolder holder;
  holder.host = "unknown";
  try {
    const Json content = read_json(path);
    holder.host = content.value("host", holder.host);
    holder.pid = content.value("pid", 0);
    holder.token = content.value("token", std::string());
    holder.machine = content.value("machine", std::string());
    holder.since = content.value("since", std::string());
  } catch (const InputError&) {
    if (!fs::exists(path)) return std::nullopt;  // released meanwhile
  } catch (const Json::exception&) {
  }
  holder.age = folder_now(path.parent_path()) - *time;
  return holder;
}

bool is_stale(const LockHolder& holder, double stale_after) {
  if (holder.age > stale_after) return true;
  const bool here = !holder.machine.empty() && holder.machine == machine_id() && holder.host == host_name();
  return here && is_gone(holder.pid);
}

std::optional<FolderLock> FolderLock::acquire(const fs::path& path, double stale_after) {
  const std::string token = new_token();
  const fs::path own = write_candidate(path, token);
  const auto linked = [&] { return ::link(own.c_str(), path.c_str()) == 0; };
  bool held = linked();
  int reason = errno;
  if (!held && (reason == EPERM || reason == EOPNOTSUPP || reason == ENOSYS)) {  // a file system without hard links
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644);
    reason = errno;
    if (file >= 0) {
      ::close(file);
      held = ::rename(own.c_str(), path.c_str()) == 0;
      reason = errno;
    }
  }
  if (!held && reason == EEXIST) {
    const auto holder = read_lock(path);
    held = holder ? is_stale(*holder, stale_after) && take_over(path, *holder, own, stale_after) : linked();
  }
  ::unlink(own.c_str());
  if (held) return FolderLock(path, token);
  if (reason != EEXIST)
    throw InputError(path.string(), std::string("cannot be made (") + std::strerror(reason) + ")",
                     "a folder that can be written to");
  return std::nullopt;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : path_(std::move(other.path_)), token_(std::move(other.token_)) {
  other.path_.clear();
}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(token_, other.token_);
  return *this;
}

FolderLock::~FolderLock() {
  if (!path_.empty() && mine()) ::unlink(path_.c_str());
}

bool FolderLock::mine() const {
  const auto holder = read_lock(path_);
  return holder && holder->token == token_;
}

bool FolderLock::refresh() {
  if (path_.empty() || !mine()) return false;
  return ::utimensat(AT_FDCWD, path_.c_str(), nullptr, 0) == 0;
}

struct HeldFolder::Heartbeat {
  explicit Heartbeat(FolderLock& lock) : thread([this, &lock] { run(lock); }) {}
  ~Heartbeat() {
    {
      const std::lock_guard guard(mutex);
      over = true;
    }
    wake.notify_all();
    thread.join();
  }
  void run(FolderLock& lock) {
    std::unique_lock guard(mutex);
    while (!wake.wait_for(guard, std::chrono::seconds(20), [this] { return over; })) lock.refresh();
  }

  std::mutex mutex;
  std::condition_variable wake;
  bool over = false;
  std::thread thread;  // last: it uses the others
};

HeldFolder::HeldFolder(const fs::path& folder) : folder_(fs::absolute(folder).lexically_normal()) {
  constexpr double kStale = 300;  // seconds: fifteen signs of life missed
  if (!folder_.has_filename()) folder_ = folder_.parent_path();
  require_utf8(folder_.string(), "folder");
  for (fs::path missing = folder_; !fs::exists(missing); missing = missing.parent_path()) made_ = missing;
  try {
    lock_ = FolderLock::acquire(folder_ / "lock", kStale);
  } catch (const fs::filesystem_error& error) {
    throw InputError(folder.string(), "cannot be written to (" + error.code().message() + ")", "a writable folder");
  }
  if (!lock_) {
    const auto holder = read_lock(folder_ / "lock");
    throw InputError(folder.string(), "is being written by " + (holder ? describe(*holder) : "another process"),
                     "one process at a time");
  }
  heartbeat_ = std::make_unique<Heartbeat>(*lock_);
}

HeldFolder::~HeldFolder() {
  heartbeat_.reset();
  lock_.reset();
  if (made_.empty()) return;
  for (fs::path empty = folder_; ::rmdir(empty.c_str()) == 0 && empty != made_;) empty = empty.parent_path();
}

}  // namespace tss
