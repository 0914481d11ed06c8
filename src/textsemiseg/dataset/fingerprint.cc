#include "textsemiseg/dataset/fingerprint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/folder_walk.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/scan.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

class OpenFile {
 public:
  explicit OpenFile(const fs::path& path) : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (file_ < 0) throw InputError(path.string(), errno == ENOENT ? "missing" : "cannot be opened", "a readable file");
    if (::fstat(file_, &status_) != 0) {
      ::close(file_);
      throw InputError(path.string(), "cannot be read", "a readable file");
    }
  }
  ~OpenFile() { ::close(file_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int64_t bytes() const { return status_.st_size; }
  int64_t modified_ns() const { return int64_t{status_.st_mtim.tv_sec} * 1'000'000'000 + status_.st_mtim.tv_nsec; }

  uint64_t hash_part(int64_t from, int64_t count, uint64_t start) const {
    std::string part(static_cast<size_t>(count), '\0');
    const ssize_t got = ::pread(file_, part.data(), part.size(), from);
    if (got < 0) throw InputError(path_.string(), "cannot be read", "a readable file");
    part.resize(static_cast<size_t>(got));
    return hash_bytes(part, start);
  }

  // Both ends, and `blocks` pieces of what lies between.
  uint64_t hash_sample(int64_t end, int64_t blocks, uint64_t start) const {
    constexpr int64_t kBlock = 8 * 1024;
    uint64_t hash = hash_part(0, std::min(end, bytes()), start);
    const int64_t middle = bytes() - 2 * end;
    for (int64_t i = 0; middle > 0 && i < blocks; ++i) {
      const int64_t from = end + middle / blocks * i;
      hash = hash_part(from, std::min(kBlock, bytes() - from), hash);
    }
    return bytes() > end ? hash_part(std::max(end, bytes() - end), end, hash) : hash;
  }

  uint64_t hash_all(uint64_t start) const {
    constexpr int64_t kBlock = 1 << 20;
    for (int64_t from = 0; from < bytes(); from += kBlock) start = hash_part(from, std::min(kBlock, bytes() - from), start);
    return start;
  }

 private:
  fs::path path_;
  int file_;
  struct stat status_{};
};

// A header without its data says nothing of a change. DICOM: everything in the folder, which is quicker to read than to understand.
std::vector<fs::path> parts_of(const fs::path& path) {
  const fs::path folder = scan_folder(path);
  if (!folder.empty()) return files_below(folder);
  return is_scan(path) && scan_exists(path) ? Scan::open(path)->files() : std::vector{path};
}

Fingerprint of_folder(const fs::path& path) {
  constexpr size_t kSampled = 16;
  constexpr int64_t kEnd = 8 * 1024;
  const fs::path folder = scan_folder(path);
  const std::vector<fs::path> files = parts_of(path);
  Fingerprint out;
  out.path = path.string();
  uint64_t hash = hash_bytes("");
  const size_t step = std::max<size_t>(1, files.size() / kSampled);
  for (size_t i = 0; i < files.size(); ++i) {
    const OpenFile file(files[i]);
    out.bytes += file.bytes();
    out.modified_ns = std::max(out.modified_ns, file.modified_ns());
    hash = hash_bytes(concat(files[i].lexically_relative(folder).string(), " ", file.bytes(), "\n"), hash);
    if (i % step == 0) hash = file.hash_sample(kEnd, 0, hash);
  }
  out.sample = hex(hash);
  return out;
}

}  // namespace

Fingerprint fingerprint_of(const fs::path& path) {
  if (!scan_folder(path).empty()) return of_folder(path);
  constexpr int64_t kEnd = 64 * 1024, kBlocks = 16;
  Fingerprint out;
  out.path = path.string();
  uint64_t hash = hash_bytes("");
  for (const fs::path& part : parts_of(path)) {
    const OpenFile file(part);
    out.bytes += file.bytes();
    out.modified_ns = std::max(out.modified_ns, file.modified_ns());
    hash = file.hash_sample(kEnd, kBlocks, hash);
  }
  out.sample = hex(hash);
  return out;
}

std::string content_of(const fs::path& path) {
  uint64_t hash = hash_bytes("");
  for (const fs::path& file : parts_of(path)) hash = OpenFile(file).hash_all(hash);
  return hex(hash);
}

bool same_content(const Fingerprint& now, const Fingerprint& stored) {
  if (now.bytes != stored.bytes || now.sample != stored.sample) return false;
  return now.modified_ns == stored.modified_ns || (!stored.content.empty() && content_of(now.path) == stored.content);
}

std::vector<fs::path> source_files(const SourceCase& item) {
  std::vector<fs::path> files = item.images;
  if (!item.label.empty() && std::find(files.begin(), files.end(), item.label) == files.end()) files.push_back(item.label);
  return files;
}

std::vector<Fingerprint> fingerprints_of(const SourceCase& item) {
  std::vector<Fingerprint> fingerprints;
  for (const fs::path& file : source_files(item)) {
    fingerprints.push_back(fingerprint_of(file));
    fingerprints.back().content = content_of(file);
  }
  return fingerprints;
}

}  // namespace tss
