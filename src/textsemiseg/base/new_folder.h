// A folder that takes its place in one rename, with everything in it, or leaves nothing.
#pragma once

#include <filesystem>

namespace tss {

class NewFolder {
 public:
  // Makes a folder under a temporary name beside `named`, and what is missing above it. Temporary folders of processes that were killed
  // are removed. Throws InputError naming `named` where it cannot.
  explicit NewFolder(const std::filesystem::path& named);
  ~NewFolder();  // removes the folder, unless it has its name
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  // Where it is filled.
  const std::filesystem::path& path() const { return temporary_; }

  // Flushes to disk and renames; an empty folder of that name is replaced. Throws InputError naming the folder where it cannot.
  void finish();

 private:
  std::filesystem::path named_, temporary_;
};

}  // namespace tss
