#include "textsemiseg/c_interface/array.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/image_header.h"
#include "textsemiseg/volume/strided_copy.h"

namespace tss {
namespace {

template <class Use>
void with_typed(const tss_array& array, const std::string& name, const Use& use) {
  const std::string type = concat(array.kind, array.bytes);
  if (type == "f4") return use(static_cast<const float*>(array.data));
  if (type == "f8") return use(static_cast<const double*>(array.data));
  if (type == "b1" || type == "u1") return use(static_cast<const uint8_t*>(array.data));
  if (type == "i1") return use(static_cast<const int8_t*>(array.data));
  if (type == "u2") return use(static_cast<const uint16_t*>(array.data));
  if (type == "i2") return use(static_cast<const int16_t*>(array.data));
  if (type == "u4") return use(static_cast<const uint32_t*>(array.data));
  if (type == "i4") return use(static_cast<const int32_t*>(array.data));
  if (type == "u8") return use(static_cast<const uint64_t*>(array.data));
  if (type == "i8") return use(static_cast<const int64_t*>(array.data));
  throw InputError(name, "has elements of the type '" + type + "'", "bool, integers, or floating point of 4 or 8 bytes");
}

template <class T, class Convert>
void fill(const tss_array& array, const std::string& name, Volume<T>& out, const Convert& convert) {
  with_typed(array, name, [&](const auto* values) {
    copy_strided(values, {array.stride[0], array.stride[1], array.stride[2]}, out.size(), out.voxels.data(), convert);
  });
}

void check(const tss_array& array, const Geometry& geometry, const std::string& name) {
  for (const int64_t length : geometry.size)
    if (length <= 0 || array.data == nullptr) throw InputError(name, "has no voxel", "an array of three axes");
  check_size(name, {geometry.size.begin(), geometry.size.end()});
  check_geometry(name, geometry);
}

}  // namespace

Geometry geometry_of(const tss_array& array, const double* affine) {
  Affine rows{};
  for (size_t row = 0; row < 3; ++row) std::copy_n(affine + 4 * row, 4, rows[row].begin());
  return geometry_of(Size3{array.size[0], array.size[1], array.size[2]}, rows);
}

Image image_of(const tss_array& array, const Geometry& geometry, const std::string& name) {
  check(array, geometry, name);
  Image out(geometry);
  fill(array, name, out, [](auto value) { return static_cast<float>(value); });
  return out;
}

LabelMap labels_of(const tss_array& array, const Geometry& geometry, const std::string& name) {
  check(array, geometry, name);
  LabelMap out(geometry);
  fill(array, name, out, [&](auto value) {
    const auto label = static_cast<double>(value);
    if (!(label >= 0 && label <= 255) || label != static_cast<double>(static_cast<int>(label)))
      throw InputError(name, concat("holds the value ", label), "whole numbers of 0 to 255");
    return static_cast<uint8_t>(label);
  });
  return out;
}

}  // namespace tss
