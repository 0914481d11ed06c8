#include "textsemiseg/base/new_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/temporary_name.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

fs::path folder_above(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

[[noreturn]] void cannot_make(const fs::path& named, const std::string& reason) {
  throw InputError(named.string(), "cannot be made (" + reason + ")", "a writable place");
}

// The names of what a folder holds. A file system without fsync of folders is taken at its word.
void flush_names(const fs::path& folder, const fs::path& named) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) cannot_make(named, std::strerror(errno));
  const int error = ::fsync(file) == 0 || errno == EINVAL || errno == EROFS || errno == EOPNOTSUPP ? 0 : errno;
  ::close(file);
  if (error != 0) cannot_make(named, std::strerror(error));
}

}  // namespace

NewFolder::NewFolder(const fs::path& named) : named_(named) {
  const fs::path above = folder_above(named);
  std::error_code error;
  fs::create_directories(above, error);
  if (error) cannot_make(named, error.message());
  remove_left_overs(above);
  int reason = 0;
  do {
    temporary_ = temporary_name(above, named);
    reason = ::mkdir(temporary_.c_str(), 0777) == 0 ? 0 : errno;
  } while (reason == EEXIST);
  if (reason == 0) return;
  temporary_.clear();
  cannot_make(named, std::strerror(reason));
}

NewFolder::~NewFolder() {
  std::error_code ignored;
  if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
}

void NewFolder::finish() {
  flush_names(temporary_, named_);
  std::error_code error;
  fs::rename(temporary_, named_, error);
  if (error) cannot_make(named_, error.message());
  temporary_.clear();
  flush_names(folder_above(named_), named_);
}

}  // namespace tss
