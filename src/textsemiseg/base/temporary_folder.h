// A folder of one's own in the system's temporary folder, removed with everything in it at the end.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "textsemiseg/base/error.h"

namespace tss {

class TemporaryFolder {
 public:
  // Throws Error where no folder can be made.
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "textsemiseg-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw Error("no folder can be made in " + std::filesystem::temp_directory_path().string());
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace tss
