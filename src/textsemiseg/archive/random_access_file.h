// Reads parts of a file whose size was checked first, so that nothing is allocated for bytes that are not there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tss {

class RandomAccessFile {
 public:
  // Throws InputError: missing, unreadable, a folder.
  explicit RandomAccessFile(const std::filesystem::path& path);
  ~RandomAccessFile();
  RandomAccessFile(const RandomAccessFile&) = delete;
  RandomAccessFile& operator=(const RandomAccessFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  uint64_t size() const { return size_; }

  // Throws InputError "is truncated" when the range is not inside the file, or the disk fails. Safe from several threads.
  void read(uint64_t offset, uint64_t bytes, void* to) const;
  std::string text(uint64_t offset, uint64_t bytes) const;

 private:
  std::filesystem::path path_;
  int file_ = -1;
  uint64_t size_ = 0;
};

}  // namespace tss
