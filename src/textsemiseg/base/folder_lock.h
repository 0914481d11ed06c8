// A run, a dataset or a study belongs to one process at a time, also when several machines work through a shared folder.
//
// A lock is a small file (host, process, a token of its own) that appears whole, by link(), and whose modification time is its
// holder's sign of life. Ages are taken from the file system's own clock, so that machines need not agree on the time. A lock is
// stale when it has not been refreshed for some minutes, or at once when its holder ran on this machine and is gone.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tss {

struct LockHolder {
  std::string host;
  int pid = 0;
  std::string token;    // of this one lock
  std::string machine;  // boot and process namespace: tells whether pid means anything here
  std::string since;    // UTC
  double age = 0;       // seconds since the last sign of life
};
std::string describe(const LockHolder& holder);  // "host:pid since 2026-01-01T00:00:00Z"

// The holder of the lock; empty when nobody holds it.
std::optional<LockHolder> read_lock(const std::filesystem::path& path);
bool is_stale(const LockHolder& holder, double stale_after);

class FolderLock {
 public:
  // Null when another process holds the lock. A stale one is taken over with a warning, by exactly one of those who try.
  static std::optional<FolderLock> acquire(const std::filesystem::path& path, double stale_after);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();  // releases
  // A sign of life. False when the lock has been taken over meanwhile: what it protected must be left alone.
  bool refresh();

 private:
  FolderLock(std::filesystem::path path, std::string token) : path_(std::move(path)), token_(std::move(token)) {}
  bool mine() const;

  std::filesystem::path path_;  // empty: released
  std::string token_;
};

// FOLDER/lock for as long as this object lives, refreshed by a thread of its own. The folder is made where it is missing, and taken
// away again if it is still empty at the end. Throws InputError with the holder's name when another process holds the folder.
class HeldFolder {
 public:
  explicit HeldFolder(const std::filesystem::path& folder);
  ~HeldFolder();
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;

 private:
  struct Heartbeat;
  std::filesystem::path folder_, made_;  // made_: the highest folder that had to be made; empty: none
  std::optional<FolderLock> lock_;
  std::unique_ptr<Heartbeat> heartbeat_;
};

}  // namespace tss
