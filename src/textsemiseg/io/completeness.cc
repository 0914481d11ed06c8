#include "textsemiseg/io/completeness.h"

#include <nifti1.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/meta_header.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

constexpr size_t kChunk = size_t{1} << 18;
constexpr uint64_t kMostVoxels = uint64_t{1} << 40;

void require_bytes(const fs::path& path, uint64_t found, uint64_t expected) {
  if (found < expected)
    throw InputError(path.string(), concat("is truncated: ", found, " bytes"), concat(expected, " bytes by its header"));
}

struct CloseGzip {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};
using Gzip = std::unique_ptr<gzFile_s, CloseGzip>;

// Reads plain files as well.
Gzip open_gzip(const fs::path& path) {
  Gzip file(gzopen(path.c_str(), "rb"));
  if (!file) throw InputError(path.string(), "cannot be opened", "a readable file");
  gzbuffer(file.get(), kChunk);
  return file;
}

size_t read_some(const fs::path& path, gzFile_s* file, void* bytes, size_t count) {
  const int got = gzread(file, bytes, static_cast<unsigned>(count));
  int status = Z_OK;
  if (got >= 0) gzerror(file, &status);  // a cut stream gives its last bytes together with Z_BUF_ERROR
  if (got < 0 || status == Z_BUF_ERROR)
    throw InputError(path.string(), "is truncated or damaged: its gzip stream does not inflate to the end", "a complete file");
  return static_cast<size_t>(got);
}

template <class Number>
Number swapped(Number value) {
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  std::reverse(bytes, bytes + sizeof value);
  return value;
}

// Bytes up to the end of the voxels; throws where the header is not that of a single-file NIfTI-1 image.
uint64_t nifti_bytes(const fs::path& path, const nifti_1_header& header, size_t got) {
  static_assert(std::endian::native == std::endian::little);
  if (got < sizeof header || std::memcmp(header.magic, "n+1", 4) != 0) {
    if (got >= 8 && (header.sizeof_hdr == 540 || swapped(header.sizeof_hdr) == 540))
      throw InputError(path.string(), "is NIfTI-2", "NIfTI-1 (or NRRD, MetaImage)");
    throw InputError(path.string(), "has no NIfTI header", "a NIfTI-1 file");
  }
  const bool swap = header.dim[0] < 0 || header.dim[0] > 7;
  const auto fix = [swap](auto value) { return swap ? swapped(value) : value; };
  const int dimensions = fix(header.dim[0]);
  const int bits = fix(header.bitpix);
  if (dimensions < 1 || dimensions > 7 || bits < 1) throw InputError(path.string(), "has a damaged NIfTI header", "1 to 7 dimensions");
  uint64_t voxels = 1;
  for (int i = 1; i <= dimensions; ++i) {
    const int n = fix(header.dim[i]);
    if (n < 0) throw InputError(path.string(), concat("header field dim[", i, "] is ", n), "a number of voxels");
    voxels *= static_cast<uint64_t>(std::max(n, 1));
    if (voxels > kMostVoxels) throw InputError(path.string(), "has a damaged NIfTI header", "an image of at most 2^40 voxels");
  }
  const float offset = fix(header.vox_offset);
  const uint64_t begin = std::isfinite(offset) && offset > 352 ? static_cast<uint64_t>(offset) : 352;
  return begin + (voxels * static_cast<uint64_t>(bits) + 7) / 8;
}

void inflate_to_end(const fs::path& path, gzFile_s* file, uint64_t already, uint64_t expected) {
  std::vector<unsigned char> chunk(kChunk);
  uint64_t total = already;
  while (const size_t got = read_some(path, file, chunk.data(), chunk.size())) total += got;
  require_bytes(path, total, expected);
}

std::future<void> check_nifti(const fs::path& path) {
  Gzip file = open_gzip(path);
  nifti_1_header header{};
  const size_t got = read_some(path, file.get(), &header, sizeof header);
  const uint64_t expected = nifti_bytes(path, header, got);
  if (gzdirect(file.get()) == 0)
    return std::async(std::launch::async, [path, got, expected, stream = std::move(file)] {
      inflate_to_end(path, stream.get(), got, expected);
    });
  require_bytes(path, fs::file_size(path), expected);
  return {};
}

// A zlib stream that starts at `begin`; returns the bytes it inflates to.
uint64_t inflated_bytes(const fs::path& path, uint64_t begin) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(begin));
  std::vector<unsigned char> from(kChunk), to(kChunk);
  z_stream stream{};
  inflateInit2(&stream, 15 + 32);  // zlib or gzip wrapping
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
    total += to.size() - stream.avail_out;
  }
  if (status != Z_STREAM_END)
    throw InputError(path.string(), "is truncated or damaged: its compressed data do not inflate to the end", "a complete file");
  return total;
}

void check_meta(const fs::path& path) {
  const MetaHeader header = read_meta_header(path);
  std::error_code missing;
  const uint64_t size = fs::file_size(header.data_file, missing);
  if (missing) throw InputError(path.string(), "names the data file " + header.data_file.string() + ", which cannot be read", "a file");
  const uint64_t found = header.compressed     ? inflated_bytes(header.data_file, header.data_begin)
                         : size > header.data_begin ? size - header.data_begin
                                                    : 0;
  require_bytes(header.data_file, found, header.data_bytes);
}

}  // namespace

std::future<void> start_completeness_check(const fs::path& path) {
  const std::string name = to_lower_ascii(path.filename().string());
  if (ends_with(name, ".nii") || ends_with(name, ".nii.gz")) return check_nifti(path);
  if (ends_with(name, ".mha") || ends_with(name, ".mhd")) check_meta(path);
  return {};
}

}  // namespace tss
