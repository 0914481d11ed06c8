#include "textsemiseg/io/nifti_image.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "textsemiseg/archive/gzip.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/nifti_fields.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void require_finite(const std::string& field, double value) {
  if (!std::isfinite(value)) throw InputError(field, concat("found ", value), "a finite number");
}

double unit_of(const NiftiFields& f) {
  constexpr int kSpace = 7, kMetre = 1, kMicrometre = 3;
  const int unit = f.xyzt_units & kSpace;
  return unit == kMetre ? 1e3 : unit == kMicrometre ? 1e-3 : 1;
}

Geometry in_mm(Geometry g, double unit) {
  for (size_t axis = 0; axis < 3; ++axis) {
    g.spacing[axis] *= unit;
    g.origin[axis] *= unit;
  }
  return g;
}

// One affine of a file: what it says, or why it cannot be used.
struct Place {
  bool set = false;
  Geometry geometry;
  std::string fault;  // "" where it can be used
};

std::string fault_of(const std::string& name, const Geometry& geometry) {
  try {
    check_geometry(name, geometry);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

Place sform_of(const std::string& name, const NiftiFields& f, const Size3& size) {
  if (f.sform_code <= 0) return {};
  const std::array<const char*, 3> rows{"srow_x", "srow_y", "srow_z"};
  for (size_t row = 0; row < 3; ++row)
    for (size_t i = 0; i < 4; ++i) require_finite(concat(name, ": ", rows[row], "[", i, "]"), f.srow[row][i]);
  Place out{true, in_mm(geometry_of(size, f.srow), unit_of(f)), ""};
  out.fault = fault_of(name, out.geometry);
  return out;
}

// Lengths along the array axes; throws where there are none. An axis of one voxel needs none.
Vector3 spacing_of(const std::string& name, const NiftiFields& f, const Size3& size) {
  Vector3 out{};
  for (size_t axis = 0; axis < 3; ++axis) {
    const double found = f.pixdim[axis + 1];
    const bool sound = std::isfinite(found) && found > 0;
    if (!sound && size[axis] > 1)
      throw InputError(concat(name, ": pixdim[", axis + 1, "]"), concat("found ", found), "a finite number, a length above 0");
    out[axis] = sound ? found : 1;
  }
  return out;
}

Matrix3 rotation_of(const std::string& name, const NiftiFields& f) {
  auto [b, c, d] = f.quatern;
  const double squares = b * b + c * c + d * d;
  if (squares > 1.01)
    throw InputError(name + ": quatern_b, quatern_c, quatern_d", concat("found a length of ", std::sqrt(squares)), "at most 1");
  // Close to half a turn float32 leaves nothing of a, so that it must not be taken for an angle.
  double a = 1 - squares;
  if (a < 1e-7) {
    const double scale = 1 / std::sqrt(squares);
    b *= scale, c *= scale, d *= scale, a = 0;
  } else {
    a = std::sqrt(a);
  }
  const double side = f.pixdim[0] < 0 ? -1 : 1;
  return {{{a * a + b * b - c * c - d * d, 2 * (b * c - a * d), side * 2 * (b * d + a * c)},
           {2 * (b * c + a * d), a * a + c * c - b * b - d * d, side * 2 * (c * d - a * b)},
           {2 * (b * d - a * c), 2 * (c * d + a * b), side * (a * a + d * d - b * b - c * c)}}};
}

Place qform_of(const std::string& name, const NiftiFields& f, const Size3& size) {
  if (f.qform_code <= 0) return {};
  for (size_t i = 0; i < 3; ++i) {
    require_finite(concat(name, ": quatern_", "bcd"[i]), f.quatern[i]);
    require_finite(concat(name, ": qoffset_", "xyz"[i]), f.qoffset[i]);
  }
  Place out{true, {}, ""};
  try {
    out.geometry.size = size;
    out.geometry.spacing = spacing_of(name, f, size);
    out.geometry.origin = f.qoffset;
    out.geometry.direction = rotation_of(name, f);
    out.geometry = in_mm(out.geometry, unit_of(f));
  } catch (const InputError& error) {
    out.fault = error.what();
  }
  return out;
}

// But for what float32 makes of a quaternion, a thousandth of a radian close to half a turn.
bool agree(const Geometry& qform, const Geometry& sform) {
  Geometry turned = qform;
  for (size_t row = 0; row < 3; ++row)
    for (size_t axis = 0; axis < 3; ++axis)
      if (std::abs(qform.direction[row][axis] - sform.direction[row][axis]) > 1e-3) return false;
  turned.direction = sform.direction;
  return same_grid(turned, sform);
}

[[noreturn]] void refuse(const std::string& name, const Place& place) {
  throw InputError(name, place.fault.substr(name.size() + 2));
}

void set_place(const std::string& name, const NiftiFields& f, const Size3& size, ImageHeader& out) {
  const Place sform = sform_of(name, f, size), qform = qform_of(name, f, size);
  const bool by_sform = sform.set && sform.fault.empty(), by_qform = qform.set && qform.fault.empty();
  if (by_sform && by_qform && !agree(qform.geometry, sform.geometry)) {
    constexpr int kScanner = 1;
    const bool scanner = f.sform_code == kScanner;
    out.geometry = scanner ? sform.geometry : qform.geometry;
    out.other_geometry = scanner ? qform.geometry : sform.geometry;
    out.warning = concat("its qform and its sform differ; the ", scanner ? "sform" : "qform", " is used");
  } else if (by_sform) {
    out.geometry = sform.geometry;
  } else if (by_qform) {
    out.geometry = qform.geometry;
    if (sform.set) out.warning = "its sform cannot be used" + sform.fault.substr(name.size()) + "; the qform is used";
  } else if (sform.set || qform.set) {
    refuse(name, sform.set ? sform : qform);
  } else {
    out.geometry.size = size;
    out.geometry.spacing = spacing_of(name, f, size);
    out.geometry.direction = {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}};
    out.geometry = in_mm(out.geometry, unit_of(f));
  }
  check_geometry(name, out.geometry);
}

NumberType number_type_of(const std::string& name, const NiftiFields& f) {
  static const std::map<int, NumberType> kTypes{
      {2, NumberType::kUint8},    {4, NumberType::kInt16},    {8, NumberType::kInt32},    {16, NumberType::kFloat32},
      {64, NumberType::kFloat64}, {256, NumberType::kInt8},   {512, NumberType::kUint16}, {768, NumberType::kUint32},
      {1024, NumberType::kInt64}, {1280, NumberType::kUint64}};
  static const std::map<int, const char*> kOthers{{1, "single bits"},
                                                  {32, "complex numbers"},
                                                  {1792, "complex numbers"},
                                                  {2048, "complex numbers"},
                                                  {1536, "128-bit floats"}};
  if (const auto found = kTypes.find(f.datatype); found != kTypes.end()) return found->second;
  if (f.datatype == 128 || f.datatype == 2304) throw InputError(name, "holds rgb voxels", "plain numbers");
  if (const auto found = kOthers.find(f.datatype); found != kOthers.end())
    throw InputError(name, concat("holds ", found->second), "plain numbers");
  throw InputError(name + ": datatype", concat("found ", f.datatype, " of ", f.bitpix, " bits, which NIfTI does not know"),
                   "8 to 64-bit integers or floats of 32 or 64 bits");
}

uint64_t begin_of(const NiftiFields& f) {
  constexpr double kFarthest = 1e12;  // no file is as long; more might be no integer
  const auto first = static_cast<double>(f.header_bytes);
  return static_cast<uint64_t>(std::isfinite(f.vox_offset) ? std::clamp(f.vox_offset, first, kFarthest) : first);
}

// Voxels, then the rest of the stream, whose end holds the checksum.
RawBytes read_numbers(const fs::path& path, uint64_t begin, uint64_t count) {
  GzipReader file(path);
  const uint64_t expected = begin + count;
  const auto check = [&](const char* most, uint64_t found) {
    if (found < expected)
      throw InputError(path.string(), concat("is truncated: ", most, found, " bytes"), concat(expected, " by its header"));
  };
  // Without this a damaged header could ask for any amount of memory. Deflate packs at most 1032 to 1.
  check("at most ", fs::file_size(path) * (file.compressed() ? 1032 : 1));
  uint64_t found = file.skip(begin);  // header and its extensions
  auto bytes = std::make_unique_for_overwrite<unsigned char[]>(count);
  found += found < begin ? 0 : file.read(bytes.get(), count);
  check("", found);
  file.skip_to_end(kMostBehindVoxels);
  return bytes;
}

}  // namespace

ImageHeader read_nifti_image(const fs::path& path) {
  const NiftiFields f = read_nifti_fields(path);
  const std::string name = path.string();
  const int64_t dimensions = f.dim[0];
  if (dimensions < 0 || dimensions > 7) throw InputError(name + ": dim[0]", concat("found ", dimensions), "3 to 7 dimensions");
  if (dimensions < 3) throw InputError(name, concat("has ", dimensions, " dimensions"), "a 3D image");
  std::vector<int64_t> sizes;
  for (size_t i = 1; i <= static_cast<size_t>(dimensions); ++i)
    sizes.push_back(i > 3 ? std::max<int64_t>(f.dim[i], 1) : f.dim[i]);
  check_size(name, sizes);
  ImageHeader out;
  for (size_t i = 3; i < sizes.size(); ++i) out.channels *= sizes[i];
  checked_channels(name, out.channels);
  out.raw.type = number_type_of(name, f);
  out.raw.swap = f.swap;
  if (std::isfinite(f.scl_slope) && f.scl_slope != 0) {  // 0 means unset
    out.raw.slope = f.scl_slope;
    out.raw.intercept = std::isfinite(f.scl_inter) ? f.scl_inter : 0;
  }
  const Size3 size{sizes[0], sizes[1], sizes[2]};
  set_place(name, f, size, out);
  out.order = NumberOrder::usual(size);
  out.numbers = [file = f.data_file, begin = begin_of(f), bytes = out.number_bytes()] {
    return read_numbers(file, begin, bytes);
  };
  return out;
}

}  // namespace tss
