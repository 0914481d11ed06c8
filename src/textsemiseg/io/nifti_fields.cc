#include "textsemiseg/io/nifti_fields.h"

#include <cstring>
#include <string>

#include "textsemiseg/archive/file_kind.h"
#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/raw_voxels.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

class FieldBytes {
 public:
  FieldBytes(const std::string& bytes, bool swap) : bytes_(bytes), swap_(swap) {}
  template <class T>
  T get(size_t offset, size_t index = 0) const {
    T value{};
    std::memcpy(&value, bytes_.data() + offset + index * sizeof(T), sizeof(T));
    return swap_ ? swapped(value) : value;
  }

 private:
  const std::string& bytes_;
  bool swap_;
};

// Offsets of nifti1.h (Number: float, Integer: int16) and nifti2.h (double, int64), and the number of bytes in the header.
struct Offsets {
  size_t dim, datatype, pixdim, vox_offset, scl_slope, xyzt_units, qform_code, quatern, qoffset, srow, bytes;
};
constexpr Offsets kNifti1{40, 70, 76, 108, 112, 123, 252, 256, 268, 280, 348};
constexpr Offsets kNifti2{16, 12, 104, 168, 176, 500, 344, 352, 376, 400, 540};

template <class Number, class Integer>
void read_fields(const FieldBytes& in, const Offsets& at, NiftiFields& out) {
  for (size_t i = 0; i < 8; ++i) {
    out.dim[i] = in.get<Integer>(at.dim, i);
    out.pixdim[i] = in.get<Number>(at.pixdim, i);
  }
  out.datatype = in.get<int16_t>(at.datatype);
  out.bitpix = in.get<int16_t>(at.datatype, 1);
  out.scl_slope = in.get<Number>(at.scl_slope);
  out.scl_inter = in.get<Number>(at.scl_slope, 1);
  for (size_t i = 0; i < 3; ++i) {
    out.quatern[i] = in.get<Number>(at.quatern, i);
    out.qoffset[i] = in.get<Number>(at.qoffset, i);
    for (size_t k = 0; k < 4; ++k) out.srow[i][k] = in.get<Number>(at.srow, 4 * i + k);
  }
  constexpr uint64_t kExtensionMark = 4;
  out.header_bytes = at.bytes + kExtensionMark;
}

bool has_mark(const std::string& bytes, size_t offset, const char* mark) { return bytes.compare(offset, 4, mark, 4) == 0; }

[[noreturn]] void refuse(const fs::path& path) {
  const std::string kind = kind_of_file(path);
  throw InputError(path.string(), kind.empty() ? "has no readable header (truncated, damaged, or another format)" : "is " + kind,
                   "a NIfTI header");
}

// "x.hdr" -> "x.img" or "x.img.gz", in the case of its own ending.
fs::path voxels_of_pair(const fs::path& path) {
  const std::string name = path.string(), ending = path.extension().string();
  if (to_lower_ascii(ending) != ".hdr")
    throw InputError(path.string(), "is the header of a NIfTI pair", "the pair as .hdr and .img, or one file with both");
  const std::string stem = name.substr(0, name.size() - ending.size());
  std::error_code ignored;
  for (const char* other : {".img", ".img.gz", ".IMG"})
    if (fs::is_regular_file(stem + other, ignored)) return stem + other;
  throw InputError(path.string(), "has no voxels beside it", "the other half of the pair, " + stem + ".img");
}

}  // namespace

NiftiFields read_nifti_fields(const fs::path& path) {
  std::string bytes(kNifti2.bytes, '\0');
  try {
    GzipReader file(path);
    bytes.resize(file.read(bytes.data(), bytes.size()));
  } catch (const InputError&) {
    // A gzip file that does not inflate is damaged, whatever was in it.
    const std::string kind = kind_of_file(path);
    if (!kind.empty() && kind.find("NIfTI") == std::string::npos && kind.find("gzip") == std::string::npos) refuse(path);
    throw;
  }
  if (bytes.size() < kNifti1.bytes) refuse(path);
  const bool one = has_mark(bytes, 344, "n+1"), one_pair = has_mark(bytes, 344, "ni1");
  const bool two = bytes.size() == kNifti2.bytes && has_mark(bytes, 4, "n+2"),
             two_pair = bytes.size() == kNifti2.bytes && has_mark(bytes, 4, "ni2");
  if (!one && !one_pair && !two && !two_pair) refuse(path);
  NiftiFields out;
  if (one || one_pair) {
    const auto dimensions = FieldBytes(bytes, false).get<int16_t>(kNifti1.dim);
    out.swap = dimensions < 0 || dimensions > 7;
    const FieldBytes in(bytes, out.swap);
    read_fields<float, int16_t>(in, kNifti1, out);
    out.vox_offset = in.get<float>(kNifti1.vox_offset);
    out.xyzt_units = in.get<uint8_t>(kNifti1.xyzt_units);
    out.qform_code = in.get<int16_t>(kNifti1.qform_code);
    out.sform_code = in.get<int16_t>(kNifti1.qform_code, 1);
  } else {
    const auto dimensions = FieldBytes(bytes, false).get<int64_t>(kNifti2.dim);
    out.swap = dimensions < 0 || dimensions > 7;
    const FieldBytes in(bytes, out.swap);
    read_fields<double, int64_t>(in, kNifti2, out);
    out.vox_offset = static_cast<double>(in.get<int64_t>(kNifti2.vox_offset));
    out.xyzt_units = in.get<int32_t>(kNifti2.xyzt_units);
    out.qform_code = in.get<int32_t>(kNifti2.qform_code);
    out.sform_code = in.get<int32_t>(kNifti2.qform_code, 1);
  }
  if (one_pair || two_pair) {
    out.data_file = voxels_of_pair(path);
    out.header_bytes = 0;
  } else {
    out.data_file = path;
  }
  return out;
}

}  // namespace tss
