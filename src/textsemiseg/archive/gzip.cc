#include "textsemiseg/archive/gzip.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunk = size_t{1} << 18;
constexpr uint64_t kMostAtOnce = uint64_t{1} << 30;  // zlib counts in unsigned int
constexpr uint64_t kMostCountedBeyond = uint64_t{1} << 24;

InputError damaged(const fs::path& path) {
  return {path.string(), "is truncated or damaged: its compressed data do not inflate to their end", "a complete file"};
}

// Ends the stream at the end of its scope.
using Inflating = std::unique_ptr<z_stream, int (*)(z_stream*)>;
Inflating begin_inflate(z_stream& stream, int window) {
  if (inflateInit2(&stream, window) != Z_OK) throw Error("zlib cannot start");
  return {&stream, inflateEnd};
}

}  // namespace

std::string gzip(std::string_view bytes, int level) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16, kMemory = 9;
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzip, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) throw Error("zlib cannot start");
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw Error("zlib could not compress");
  return out;
}

GzipReader::GzipReader(const fs::path& path, uint64_t begin) : path_(path) {
  require_regular_file(path);  // opening a pipe would wait for ever
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool placed = file >= 0 && ::lseek(file, static_cast<off_t>(begin), SEEK_SET) >= 0;
  file_ = placed ? gzdopen(file, "rb") : nullptr;
  if (!file_) {
    if (file >= 0) ::close(file);
    throw InputError(path.string(), "cannot be opened", "a readable file");
  }
  gzbuffer(file_, kChunk);
}

GzipReader::~GzipReader() { gzclose_r(file_); }

bool GzipReader::compressed() const { return gzdirect(file_) == 0; }

uint64_t GzipReader::read(void* bytes, uint64_t count) {
  auto* to = static_cast<unsigned char*>(bytes);
  uint64_t total = 0;
  while (total < count) {
    const int got = gzread(file_, to + total, static_cast<unsigned>(std::min(count - total, kMostAtOnce)));
    int status = Z_OK;
    if (got >= 0) gzerror(file_, &status);  // a cut stream hands out its last bytes together with Z_BUF_ERROR
    if (got < 0 || status == Z_BUF_ERROR) throw damaged(path_);
    if (got == 0) break;
    total += static_cast<uint64_t>(got);
  }
  return total;
}

uint64_t GzipReader::skip(uint64_t count) {
  std::vector<unsigned char> chunk(std::min<uint64_t>(count, kChunk));
  uint64_t total = 0, got = 1;
  for (; total < count && got > 0; total += got) got = read(chunk.data(), std::min<uint64_t>(count - total, chunk.size()));
  return total;
}

void GzipReader::skip_to_end(uint64_t most) {
  std::vector<unsigned char> chunk(kChunk);
  uint64_t total = 0;
  for (uint64_t got = chunk.size(); got == chunk.size();) {
    got = read(chunk.data(), chunk.size());
    total += got;
    if (total > most)
      throw InputError(path_.string(), concat("goes on for more than ", most, " bytes behind its voxels"), "nothing behind them");
  }
}

std::string read_gzip_text(const fs::path& path, uint64_t most) {
  GzipReader file(path);
  std::string out;
  std::vector<char> chunk(kChunk);
  for (uint64_t got = chunk.size(); got == chunk.size();) {
    got = file.read(chunk.data(), chunk.size());
    out.append(chunk.data(), got);
    if (out.size() > most)
      throw InputError(path.string(), concat("inflates to more than ", most >> 20, " MB"), "a text below that");
  }
  return out;
}

uint64_t inflated_bytes(const fs::path& path, uint64_t begin, void* out, uint64_t most) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::vector<unsigned char> from(kChunk), to(kChunk);
  z_stream stream{};
  constexpr int kZlibOrGzip = 15 + 32;
  const Inflating end_at_exit = begin_inflate(stream, kZlibOrGzip);
  uint64_t total = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) {
      in.read(reinterpret_cast<char*>(from.data()), static_cast<std::streamsize>(from.size()));
      stream.next_in = from.data();
      stream.avail_in = static_cast<unsigned>(in.gcount());
      if (stream.avail_in == 0) break;
    }
    stream.next_out = to.data();
    stream.avail_out = static_cast<unsigned>(to.size());
    status = inflate(&stream, Z_NO_FLUSH);
    const uint64_t got = to.size() - stream.avail_out;
    if (total < most) std::copy_n(to.data(), std::min(got, most - total), static_cast<unsigned char*>(out) + total);
    total += got;
    if (total > most + kMostCountedBeyond) return total;
  }
  if (status != Z_STREAM_END) throw damaged(path);
  return total;
}

Inflated inflate_bare(std::string_view from, void* to, uint64_t most) {
  z_stream stream{};
  const Inflating end_at_exit = begin_inflate(stream, -MAX_WBITS);
  auto* in = reinterpret_cast<Bytef*>(const_cast<char*>(from.data()));
  auto* out = static_cast<Bytef*>(to);
  uint64_t read = 0;
  Inflated done;
  int status = Z_OK;
  Bytef beyond = 0;  // one byte more than there is room for would show that the stream goes on
  while (status == Z_OK) {
    stream.next_in = in + read;
    stream.avail_in = static_cast<uInt>(std::min<uint64_t>(from.size() - read, kMostAtOnce));
    const bool full = done.bytes == most;
    stream.next_out = full ? &beyond : out + done.bytes;
    stream.avail_out = full ? 1 : static_cast<uInt>(std::min(most - done.bytes, kMostAtOnce));
    const uInt in_before = stream.avail_in, out_before = stream.avail_out;
    status = inflate(&stream, Z_NO_FLUSH);
    read += in_before - stream.avail_in;
    if (full && stream.avail_out == 0) return done;
    if (!full) done.bytes += out_before - stream.avail_out;
  }
  done.ended = status == Z_STREAM_END;
  return done;
}

}  // namespace tss
