// zlib behind errors that name the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

struct gzFile_s;

namespace tss {

// Reads a gzip file, or a plain one as it is. Damage found on the way (a cut stream, a wrong CRC or length) throws InputError.
class GzipReader {
 public:
  explicit GzipReader(const std::filesystem::path& path);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  bool compressed() const;
  // Up to count bytes; fewer only at the end of the file.
  uint64_t read(void* bytes, uint64_t count);
  // Reads the rest, for the sake of its checksum.
  void skip_to_end();

 private:
  std::filesystem::path path_;
  gzFile_s* file_;
};

// How many bytes the zlib or gzip stream at offset `begin` inflates to; the first `most` of them are left in `out`. Throws InputError where
// it does not reach its end.
uint64_t inflated_bytes(const std::filesystem::path& path, uint64_t begin, void* out = nullptr, uint64_t most = 0);

}  // namespace tss
