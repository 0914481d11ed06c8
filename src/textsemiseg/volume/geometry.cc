#include "textsemiseg/volume/geometry.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

template <class Triple>
std::string by(const Triple& values) {
  return join(values, " x ");
}

template <class Triple>
std::string point(const Triple& values) {
  return "(" + join(values, ", ") + ")";
}

std::string rows(const Matrix3& m) { return "[" + point(m[0]) + ", " + point(m[1]) + ", " + point(m[2]) + "]"; }

// False for NaN on either side.
bool near(const Vector3& a, const Vector3& b, double tolerance) {
  for (size_t i = 0; i < 3; ++i)
    if (!(std::abs(a[i] - b[i]) <= tolerance)) return false;
  return true;
}

bool near(const Matrix3& a, const Matrix3& b, double tolerance) {
  return near(a[0], b[0], tolerance) && near(a[1], b[1], tolerance) && near(a[2], b[2], tolerance);
}

}  // namespace

Vector3 Geometry::world(const Vector3& index) const {
  Vector3 out = origin;
  for (size_t row = 0; row < 3; ++row)
    for (size_t axis = 0; axis < 3; ++axis) out[row] += direction[row][axis] * spacing[axis] * index[axis];
  return out;
}

// Cramer's rule on direction: it need not be orthogonal.
Vector3 Geometry::index(const Vector3& position) const {
  const Matrix3& d = direction;
  const auto cofactor = [&d](size_t r, size_t c) {
    const size_t r1 = (r + 1) % 3, r2 = (r + 2) % 3, c1 = (c + 1) % 3, c2 = (c + 2) % 3;
    return d[r1][c1] * d[r2][c2] - d[r1][c2] * d[r2][c1];
  };
  const double determinant = d[0][0] * cofactor(0, 0) + d[0][1] * cofactor(0, 1) + d[0][2] * cofactor(0, 2);
  Vector3 out{};
  for (size_t axis = 0; axis < 3; ++axis) {
    for (size_t row = 0; row < 3; ++row) out[axis] += cofactor(row, axis) * (position[row] - origin[row]);
    out[axis] /= determinant * spacing[axis];
  }
  return out;
}

std::string Geometry::describe() const { return concat(by(size), " voxels of ", by(spacing), " mm"); }

bool same_grid(const Geometry& a, const Geometry& b, double tolerance) { return grid_difference(a, b, tolerance).empty(); }

std::string grid_difference(const Geometry& a, const Geometry& b, double tolerance) {
  if (a.size != b.size) return concat("size ", by(a.size), " voxels against ", by(b.size), " voxels");
  if (!near(a.spacing, b.spacing, tolerance)) return concat("spacing ", by(a.spacing), " mm against ", by(b.spacing), " mm");
  if (!near(a.origin, b.origin, tolerance)) return concat("origin ", point(a.origin), " mm against ", point(b.origin), " mm");
  if (!near(a.direction, b.direction, tolerance)) return concat("direction ", rows(a.direction), " against ", rows(b.direction));
  return "";
}

}  // namespace tss
