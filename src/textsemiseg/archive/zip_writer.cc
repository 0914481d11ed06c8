#include <zlib.h>

#include <cstring>

#include "textsemiseg/archive/zip_file.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/stream_file.h"

namespace tss {
namespace {

void put16(std::string& out, uint64_t value) {
  out.append({static_cast<char>(value & 255), static_cast<char>(value >> 8 & 255)});
}
void put32(std::string& out, uint64_t value) {
  put16(out, value & 65535);
  put16(out, value >> 16);
}

// The fields that a record's own header and its entry in the directory share.
std::string common_fields(uint32_t crc, uint64_t size, size_t name) {
  std::string out;
  put16(out, 20);  // version 2.0 reads it
  put16(out, 0);   // no flags
  put16(out, 0);   // stored
  put16(out, 0);   // midnight of
  put16(out, 33);  // 1 January 1980: the same content gives the same file
  put32(out, crc);
  put32(out, size);
  put32(out, size);
  put16(out, name);
  put16(out, 0);
  return out;
}

}  // namespace

void write_zip(const std::filesystem::path& path, const std::vector<ZipPiece>& pieces) {
  uint64_t total = 0;
  for (const ZipPiece& piece : pieces) total += piece.head.size() + piece.body.size() + 2 * piece.name.size() + 128;
  if (total >= uint64_t{1} << 32 || pieces.size() >= 65535)
    throw Error(path.string() + ": too much for one archive of this kind");
  write_stream_file(path, [&](std::ostream& out) {
    std::string directory;
    uint64_t at = 0;
    for (const ZipPiece& piece : pieces) {
      uLong crc = 0;
      for (const std::string_view part : {std::string_view(piece.head), piece.body})
        if (!part.empty()) crc = crc32_z(crc, reinterpret_cast<const Bytef*>(part.data()), part.size());
      const uint64_t size = piece.head.size() + piece.body.size();
      const std::string fields = common_fields(static_cast<uint32_t>(crc), size, piece.name.size());
      const std::string header = "PK\x03\x04" + fields + piece.name;
      out << header << piece.head;
      out.write(piece.body.data(), static_cast<std::streamsize>(piece.body.size()));
      directory += "PK\x01\x02";
      put16(directory, 20);
      directory += fields;
      directory.append(2 + 2 + 2 + 4, '\0');  // comment, disk, attributes
      put32(directory, at);
      directory += piece.name;
      at += header.size() + size;
    }
    std::string end = "PK\x05\x06";
    put32(end, 0);
    put16(end, pieces.size());
    put16(end, pieces.size());
    put32(end, directory.size());
    put32(end, at);
    put16(end, 0);
    out << directory << end;
  });
}

}  // namespace tss
