#include "textsemiseg/archive/inflate.h"

#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "textsemiseg/base/error.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunk = size_t{1} << 18;

InputError damaged(const fs::path& path) {
  return {path.string(), "is truncated or damaged: its compressed data do not inflate to their end", "a complete file"};
}

}  // namespace

GzipReader::GzipReader(const fs::path& path) : path_(path), file_(gzopen(path.c_str(), "rb")) {
  if (!file_) throw InputError(path.string(), "cannot be opened", "a readable file");
  gzbuffer(file_, kChunk);
}

GzipReader::~GzipReader() { gzclose_r(file_); }

bool GzipReader::compressed() const { return gzdirect(file_) == 0; }

uint64_t GzipReader::read(void* bytes, uint64_t count) {
  constexpr uint64_t kMost = uint64_t{1} << 30;  // zlib counts in unsigned int
  auto* to = static_cast<unsigned char*>(bytes);
  uint64_t total = 0;
  while (total < count) {
    const int got = gzread(file_, to + total, static_cast<unsigned>(std::min(count - total, kMost)));
    int status = Z_OK;
    if (got >= 0) gzerror(file_, &status);  // a cut stream hands out its last bytes together with Z_BUF_ERROR
    if (got < 0 || status == Z_BUF_ERROR) throw damaged(path_);
    if (got == 0) break;
    total += static_cast<uint64_t>(got);
  }
  return total;
}

void GzipReader::skip_to_end() {
  std::vector<unsigned char> chunk(kChunk);
  while (read(chunk.data(), chunk.size()) == chunk.size()) {
  }
}

uint64_t inflated_bytes(const fs::path& path, uint64_t begin, void* out, uint64_t most) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::vector<unsigned char> from(kChunk), to(kChunk);
  z_stream stream{};
  constexpr int kZlibOrGzip = 15 + 32;
  if (inflateInit2(&stream, kZlibOrGzip) != Z_OK) throw Error("zlib cannot start");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end_at_exit(&stream, inflateEnd);
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
  }
  if (status != Z_STREAM_END) throw damaged(path);
  return total;
}

}  // namespace tss
