#include "textsemiseg/io/image_header.h"

#include <array>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/array_layout.h"

namespace tss {
namespace {

double cosine(const Matrix3& d, size_t a, size_t b) { return d[0][a] * d[0][b] + d[1][a] * d[1][b] + d[2][a] * d[2][b]; }

constexpr std::array<std::array<size_t, 2>, 3> kPairs{{{0, 1}, {0, 2}, {1, 2}}};

double determinant(const Matrix3& d) {
  return d[0][0] * (d[1][1] * d[2][2] - d[1][2] * d[2][1]) - d[0][1] * (d[1][0] * d[2][2] - d[1][2] * d[2][0]) +
         d[0][2] * (d[1][0] * d[2][1] - d[1][1] * d[2][0]);
}

}  // namespace

Geometry geometry_of(const Size3& size, const Affine& affine) {
  Geometry out;
  out.size = size;
  for (size_t axis = 0; axis < 3; ++axis) {
    const double length = std::hypot(affine[0][axis], affine[1][axis], affine[2][axis]);
    out.spacing[axis] = length;
    for (size_t row = 0; row < 3; ++row)
      out.direction[row][axis] = (length > 0 ? affine[row][axis] / length : affine[row][axis]) + 0.0;  // never -0
  }
  for (size_t row = 0; row < 3; ++row) out.origin[row] = affine[row][3] + 0.0;
  return out;
}

void check_geometry(const std::string& name, const Geometry& g) {
  const auto check = [&](const char* what, size_t axis, double value) {
    if (!std::isfinite(value)) throw InputError(name, concat("has ", what, " ", value, " along axis ", axis), "a finite number");
  };
  for (size_t axis = 0; axis < 3; ++axis) {
    if (g.size[axis] < 1) throw InputError(name, "has no voxels", "at least one along each axis");
    check("an origin of", axis, g.origin[axis]);
    for (size_t row = 0; row < 3; ++row) check("a direction of", axis, g.direction[row][axis]);
    if (!(g.spacing[axis] > 0) || !std::isfinite(g.spacing[axis]))
      throw InputError(name, concat("has spacing ", g.spacing[axis], " mm along axis ", axis), "a length above 0");
  }
  if (std::abs(determinant(g.direction)) < 1e-6) throw InputError(name, "has axes that lie in one plane", "three directions");
  for (const auto& [a, b] : kPairs) {
    const double shear = cosine(g.direction, a, b);
    if (std::abs(shear) <= kMostShear) continue;
    constexpr double kDegrees = 57.29577951308232;
    throw InputError(name,
                     concat("its axes are sheared: axes ", a, " and ", b, " meet at ", fixed(std::acos(shear) * kDegrees, 3),
                            " degrees (shear ", shear, ")"),
                     "axes at right angles");
  }
}

int64_t checked_channels(const std::string& name, int64_t channels) {
  if (channels > kMostChannels)
    throw InputError(name, concat("has ", channels, " values per voxel"), concat("at most ", kMostChannels, " channels"));
  return channels;
}

void check_size(const std::string& name, const std::vector<int64_t>& sizes) {
  constexpr int64_t kMost = int64_t{1} << 40;  // more than memory holds, and no product that overflows
  int64_t numbers = 1;
  for (const int64_t size : sizes) {
    if (size < 1) throw InputError(name, "has no voxels", "at least one along each axis");
    if (size > kMost / numbers) throw InputError(name, "has a size of " + join(sizes, " x "), "a volume that fits into memory");
    numbers *= size;
  }
}

}  // namespace tss
