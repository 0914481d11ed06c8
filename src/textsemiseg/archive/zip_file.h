// Zip archives, read without trust: torch.save's checkpoints, TorchScript, NumPy's .npz. Sizes are checked against the file before
// anything is allocated, records may not overlap, and every record that is read has its CRC-32 checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "textsemiseg/archive/random_access_file.h"

namespace tss {

struct ZipRecord {
  std::string name;
  uint64_t size = 0;    // of the content
  uint64_t stored = 0;  // bytes in the file
  uint64_t data = 0;    // where they begin
  uint32_t crc = 0;
  bool deflated = false;
};

class ZipFile {
 public:
  // Reads the directory. Throws InputError naming the file: no zip archive, truncated, encrypted, records that overlap or lie
  // outside, names given twice, a record that claims more than deflate can make of its bytes.
  explicit ZipFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  uint64_t file_size() const { return file_.size(); }
  const std::vector<ZipRecord>& records() const { return records_; }
  // nullptr where there is none.
  const ZipRecord* find(const std::string& name) const;

  // The content, record.size bytes. Throws InputError on a wrong checksum. Safe from several threads.
  void read(const ZipRecord& record, void* to) const;
  // limit: the most that an honest record of this kind has.
  std::string text(const ZipRecord& record, uint64_t limit) const;
  // The first bytes of the content, without its checksum: what a header says of the size, before memory is taken for the whole.
  std::string beginning(const ZipRecord& record, uint64_t bytes) const;
  // Reads a stored record for its checksum alone.
  void check(const ZipRecord& record) const;

 private:
  struct Directory {
    uint64_t begin = 0, bytes = 0, records = 0;
  };
  [[noreturn]] void fail(const std::string& found) const;
  Directory find_directory() const;
  void read_directory(const Directory& directory);
  void locate_data(const Directory& directory, std::vector<uint64_t> headers);

  RandomAccessFile file_;
  std::vector<ZipRecord> records_;
  std::map<std::string, size_t> by_name_;
};

// True when the file begins as zip archives do.
bool looks_like_zip(const std::string& first_bytes);

// Writes an archive of stored (uncompressed) records, each the concatenation of two pieces. Atomic. Below 4 GiB in all.
struct ZipPiece {
  std::string name, head;
  std::string_view body;  // must live until the call returns
};
void write_zip(const std::filesystem::path& path, const std::vector<ZipPiece>& pieces);

}  // namespace tss
