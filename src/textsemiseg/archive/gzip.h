// zlib behind errors that name the file: gzip and zlib streams in files and in memory, and the bare deflate streams of zip archives.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

struct gzFile_s;

namespace tss {

// The text as a gzip file.
std::string gzip(std::string_view bytes, int level = 9);

// Reads a gzip file, or a plain one as it is. Damage found on the way (a cut stream, a wrong CRC or length) throws InputError.
class GzipReader {
 public:
  // begin: where the stream starts in the file. Throws InputError: missing, unreadable, no regular file.
  explicit GzipReader(const std::filesystem::path& path, uint64_t begin = 0);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  bool compressed() const;
  // Up to count bytes; fewer only at the end of the file.
  uint64_t read(void* bytes, uint64_t count);
  // Leaves out up to count bytes; how many there were.
  uint64_t skip(uint64_t count);
  // Reads the rest, for the sake of its checksum. Throws InputError where that is more than `most` bytes: a few kilobytes can inflate to
  // gigabytes.
  void skip_to_end(uint64_t most = UINT64_MAX);

 private:
  std::filesystem::path path_;
  gzFile_s* file_;
};

// The whole of a gzip or plain file. Throws InputError where it inflates to more than `most` bytes.
std::string read_gzip_text(const std::filesystem::path& path, uint64_t most);

// How many bytes the zlib or gzip stream at offset `begin` inflates to; the first `most` of them are left in `out`. Throws InputError where
// it does not reach its end. Counting stops some megabytes above `most`: a few kilobytes can inflate to gigabytes.
uint64_t inflated_bytes(const std::filesystem::path& path, uint64_t begin, void* out, uint64_t most);

// Inflates a bare deflate stream (no header, no checksum) into at most `most` bytes.
struct Inflated {
  uint64_t bytes = 0;
  bool ended = false;  // the stream is complete and held no more
};
Inflated inflate_bare(std::string_view stream, void* to, uint64_t most);

}  // namespace tss
