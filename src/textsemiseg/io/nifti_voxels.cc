#include "textsemiseg/io/nifti_voxels.h"

#include <nifti1.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>

#include "textsemiseg/archive/inflate.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/raw_voxels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Of a single-file NIfTI-1 image; false for anything else.
bool read_raw_header(GzipReader& file, nifti_1_header& header) {
  return file.read(&header, sizeof header) == sizeof header && std::memcmp(header.magic, "n+1", 4) == 0;
}

bool is_swapped(const nifti_1_header& header) { return header.dim[0] < 0 || header.dim[0] > 7; }

struct Layout {
  int datatype = 0;
  uint64_t begin = 0;  // offset of the voxels
  RawVoxels raw;
};

Layout layout_of(const fs::path& path, const nifti_1_header& header, const Size3& size, size_t channels) {
  Layout out;
  out.raw.swap = is_swapped(header);
  const auto fix = [&out](auto value) { return out.raw.swap ? swapped(value) : value; };
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
  constexpr float kHeader = 352, kFarthest = 1e12F;  // no file is as long; more might be no integer
  out.begin = static_cast<uint64_t>(std::isfinite(begin) ? std::clamp(begin, kHeader, kFarthest) : kHeader);
  const float slope = fix(header.scl_slope), intercept = fix(header.scl_inter);
  if (std::isfinite(slope) && slope != 0) {  // 0 means unset
    out.raw.slope = slope;
    out.raw.intercept = std::isfinite(intercept) ? intercept : 0;
  }
  return out;
}

using Channels = std::vector<Image>;

// Header, then voxels, then the rest of the stream, whose end holds the checksum.
template <class T>
void read_as(const fs::path& path, GzipReader& file, const Layout& layout, Channels& channels) {
  constexpr uint64_t already = sizeof(nifti_1_header);
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
    const auto& [nx, ny, nz] = channels[c].size();
    layout.raw.convert<T>(bytes.get() + c * channel_bytes, {1, nx, nx * ny}, channels[c]);
  }
}

}  // namespace

void check_nifti_header(const fs::path& path) {
  nifti_1_header h{};
  try {
    GzipReader file(path);
    if (!read_raw_header(file, h)) return;
  } catch (const InputError&) {
    return;  // a damaged stream: ITK's to refuse
  }
  const auto fix = [swap = is_swapped(h)](auto value) { return swap ? swapped(value) : value; };
  const auto check = [&](const std::string& field, float value) {
    if (!std::isfinite(fix(value)))
      throw InputError(path.string() + ": " + field, concat("found ", fix(value)), "a finite number");
  };
  for (int i = 1; i <= std::clamp<int>(fix(h.dim[0]), 3, 7); ++i) check(concat("pixdim[", i, "]"), h.pixdim[i]);
  if (fix(h.qform_code) > 0) {
    check("pixdim[0]", h.pixdim[0]);
    check("quatern_b", h.quatern_b);
    check("quatern_c", h.quatern_c);
    check("quatern_d", h.quatern_d);
    check("qoffset_x", h.qoffset_x);
    check("qoffset_y", h.qoffset_y);
    check("qoffset_z", h.qoffset_z);
  }
  if (fix(h.sform_code) <= 0) return;
  for (const auto& [field, row] : {std::pair{"srow_x", h.srow_x}, std::pair{"srow_y", h.srow_y}, std::pair{"srow_z", h.srow_z}})
    for (int i = 0; i < 4; ++i) check(concat(field, "[", i, "]"), row[i]);
}

void read_nifti_voxels(const fs::path& path, Image& out) {
  Channels one(1);
  one.front().geometry = out.geometry;
  read_nifti_voxels(path, one);
  out = std::move(one.front());
}

void read_nifti_voxels(const fs::path& path, std::vector<Image>& out) {
  GzipReader file(path);
  nifti_1_header header{};
  if (!read_raw_header(file, header)) throw InputError(path.string(), "has no NIfTI-1 header", "a single-file NIfTI-1 image");
  const Layout layout = layout_of(path, header, out.front().size(), out.size());
  switch (layout.datatype) {
    case DT_UINT8:
      return read_as<uint8_t>(path, file, layout, out);
    case DT_INT8:
      return read_as<int8_t>(path, file, layout, out);
    case DT_INT16:
      return read_as<int16_t>(path, file, layout, out);
    case DT_UINT16:
      return read_as<uint16_t>(path, file, layout, out);
    case DT_INT32:
      return read_as<int32_t>(path, file, layout, out);
    case DT_UINT32:
      return read_as<uint32_t>(path, file, layout, out);
    case DT_INT64:
      return read_as<int64_t>(path, file, layout, out);
    case DT_UINT64:
      return read_as<uint64_t>(path, file, layout, out);
    case DT_FLOAT32:
      return read_as<float>(path, file, layout, out);
    case DT_FLOAT64:
      return read_as<double>(path, file, layout, out);
    default:
      throw InputError(path.string() + ": datatype", concat("found ", layout.datatype), "8 to 64-bit integers or floats");
  }
}

}  // namespace tss
