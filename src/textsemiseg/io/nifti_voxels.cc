#include "textsemiseg/io/nifti_voxels.h"

#include <nifti1.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>

#include "textsemiseg/archive/inflate.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little);

template <class Number>
Number swapped(Number value) {
  auto* bytes = reinterpret_cast<unsigned char*>(&value);
  std::reverse(bytes, bytes + sizeof value);
  return value;
}

struct Layout {
  int datatype = 0;
  bool swap = false;
  uint64_t begin = 0;  // offset of the voxels
  double slope = 1, intercept = 0;
};

Layout layout_of(const fs::path& path, const nifti_1_header& header, const Size3& size, size_t channels) {
  Layout out;
  out.swap = header.dim[0] < 0 || header.dim[0] > 7;
  const auto fix = [&out](auto value) { return out.swap ? swapped(value) : value; };
  const int dimensions = fix(header.dim[0]);
  size_t further = 1;  // along the fourth dimension (time) and those behind it
  for (int i = 1; i <= 7; ++i) {
    const int found = i <= dimensions ? std::max<int>(fix(header.dim[i]), 1) : 1;
    if (i > 3) further *= static_cast<size_t>(found);
    if (i > 3 || found == size[static_cast<size_t>(i) - 1]) continue;
    throw InputError(concat(path.string(), ": dim[", i, "]"), concat("found ", found), concat(size[static_cast<size_t>(i) - 1]));
  }
  if (further != channels) throw InputError(path.string() + ": dim[4]", concat("found ", further), concat(channels));
  out.datatype = fix(header.datatype);
  const float begin = fix(header.vox_offset);
  constexpr float kHeader = 352;
  out.begin = static_cast<uint64_t>(std::isfinite(begin) ? std::max(begin, kHeader) : kHeader);
  const float slope = fix(header.scl_slope), intercept = fix(header.scl_inter);
  if (std::isfinite(slope) && slope != 0) {  // 0 means unset
    out.slope = slope;
    out.intercept = std::isfinite(intercept) ? intercept : 0;
  }
  return out;
}

using Channels = std::vector<Image>;

template <class T>
void convert(const unsigned char* bytes, const Layout& layout, Image& out) {
  const T* in = reinterpret_cast<const T*>(bytes);
  const auto& [nx, ny, nz] = out.size();
  const Size3 stride{1, nx, nx * ny};
  const auto copy = [&](const auto& number) { copy_strided(in, stride, out.size(), out.voxels.data(), number); };
  if (layout.swap)
    copy([&](T v) { return static_cast<float>(static_cast<double>(swapped(v)) * layout.slope + layout.intercept); });
  else if (layout.slope != 1 || layout.intercept != 0)
    copy([&](T v) { return static_cast<float>(static_cast<double>(v) * layout.slope + layout.intercept); });
  else
    copy([](T v) { return static_cast<float>(v); });
}

// Header, then voxels, then the rest of the stream, whose end holds the checksum.
template <class T>
void read_as(const fs::path& path, GzipReader& file, uint64_t already, const Layout& layout, Channels& channels) {
  const uint64_t channel_bytes = static_cast<uint64_t>(channels.front().geometry.voxels()) * sizeof(T);
  const uint64_t count = channels.size() * channel_bytes;
  const uint64_t expected = layout.begin + count;
  // Without this a damaged header could ask for any amount of memory. Deflate packs at most 1032 to 1.
  const uint64_t most = fs::file_size(path) * (file.compressed() ? 1032 : 1);
  if (most < expected)
    throw InputError(path.string(), concat("is truncated: at most ", most, " bytes"), concat(expected, " by its header"));
  std::vector<unsigned char> between(layout.begin - already);  // header extensions
  uint64_t found = already + file.read(between.data(), between.size());
  const auto bytes = std::make_unique_for_overwrite<unsigned char[]>(count);
  found += file.read(bytes.get(), count);
  if (found < expected)
    throw InputError(path.string(), concat("is truncated: ", found, " bytes"), concat(expected, " by its header"));
  file.skip_to_end();
  for (size_t c = 0; c < channels.size(); ++c) {
    channels[c].voxels.resize(static_cast<size_t>(channels[c].geometry.voxels()));
    convert<T>(bytes.get() + c * channel_bytes, layout, channels[c]);
  }
}

}  // namespace

void read_nifti_voxels(const fs::path& path, Image& out) {
  Channels one(1);
  one.front().geometry = out.geometry;
  read_nifti_voxels(path, one);
  out = std::move(one.front());
}

void read_nifti_voxels(const fs::path& path, std::vector<Image>& out) {
  GzipReader file(path);
  nifti_1_header header{};
  const uint64_t got = file.read(&header, sizeof header);
  if (got < sizeof header || std::memcmp(header.magic, "n+1", 4) != 0)
    throw InputError(path.string(), "has no NIfTI-1 header", "a single-file NIfTI-1 image");
  const Layout layout = layout_of(path, header, out.front().size(), out.size());
  switch (layout.datatype) {
    case DT_UINT8:
      return read_as<uint8_t>(path, file, got, layout, out);
    case DT_INT8:
      return read_as<int8_t>(path, file, got, layout, out);
    case DT_INT16:
      return read_as<int16_t>(path, file, got, layout, out);
    case DT_UINT16:
      return read_as<uint16_t>(path, file, got, layout, out);
    case DT_INT32:
      return read_as<int32_t>(path, file, got, layout, out);
    case DT_UINT32:
      return read_as<uint32_t>(path, file, got, layout, out);
    case DT_INT64:
      return read_as<int64_t>(path, file, got, layout, out);
    case DT_UINT64:
      return read_as<uint64_t>(path, file, got, layout, out);
    case DT_FLOAT32:
      return read_as<float>(path, file, got, layout, out);
    case DT_FLOAT64:
      return read_as<double>(path, file, got, layout, out);
    default:
      throw InputError(path.string() + ": datatype", concat("found ", layout.datatype), "8 to 64-bit integers or floats");
  }
}

}  // namespace tss
