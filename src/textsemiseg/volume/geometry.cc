#include "textsemiseg/volume/geometry.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <sstream>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

template <class Triple>
std::string by(const Triple& values) {
  return join(values, " x ");
}

// In as many digits as tell one text from the other.
std::string against(const std::function<void(std::ostream&)>& a, const std::function<void(std::ostream&)>& b) {
  std::array<std::string, 2> texts;
  for (const int digits : {6, 9, 17}) {
    const std::array both{&a, &b};
    for (size_t i = 0; i < 2; ++i) {
      std::ostringstream out;
      out.precision(digits);
      (*both[i])(out);
      texts[i] = out.str();
    }
    if (texts[0] != texts[1]) break;
  }
  return texts[0] + " against " + texts[1];
}

void put(std::ostream& out, const Vector3& v, const char* separator) { out << v[0] << separator << v[1] << separator << v[2]; }

// The largest step between the outer corners of two grids, in voxels of a.
double distance_in_voxels_of(const Geometry& a, const Geometry& b) {
  double most = 0;
  for (unsigned corner = 0; corner < 8; ++corner) {
    Vector3 index{};
    for (size_t axis = 0; axis < 3; ++axis)
      index[axis] = (corner >> axis & 1U) != 0 ? static_cast<double>(a.size[axis]) - 0.5 : -0.5;
    const Vector3 other = a.index(b.world(index));
    for (size_t axis = 0; axis < 3; ++axis) {
      const double step = std::abs(other[axis] - index[axis]);
      if (std::isnan(step)) return std::numeric_limits<double>::infinity();
      most = std::max(most, step);
    }
  }
  return most;
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

double grid_distance(const Geometry& a, const Geometry& b) {
  if (a.size != b.size) return std::numeric_limits<double>::infinity();
  // Equal grids are no distance apart, whatever the numbers round to on their way; those with NaN are never equal.
  if (a.spacing == b.spacing && a.origin == b.origin && a.direction == b.direction) return 0;
  return std::max(distance_in_voxels_of(a, b), distance_in_voxels_of(b, a));
}

bool same_grid(const Geometry& a, const Geometry& b, double tolerance) { return grid_distance(a, b) <= tolerance; }

std::string grid_difference(const Geometry& a, const Geometry& b, double tolerance) {
  if (a.size != b.size) return concat("size ", by(a.size), " voxels against ", by(b.size), " voxels");
  if (same_grid(a, b, tolerance)) return "";
  // What each field does alone; where all are small and only their sum is not, the largest is named.
  std::array<Geometry, 3> changed{a, a, a};
  changed[0].spacing = b.spacing;
  changed[1].origin = b.origin;
  changed[2].direction = b.direction;
  size_t field = 0;
  double most = 0;
  for (size_t i = 0; i < 3; ++i) {
    const double own = grid_distance(a, changed[i]);
    if (own > most) field = i, most = own;
    if (own > tolerance) break;
  }
  const auto values = [field](const Geometry& g) {
    return [field, &g](std::ostream& out) {
      if (field == 0) {
        put(out, g.spacing, " x ");
        out << " mm";
      } else if (field == 1) {
        put(out << "(", g.origin, ", ");
        out << ") mm";
      } else {
        for (size_t row = 0; row < 3; ++row) {
          put(out << (row == 0 ? "[(" : ", ("), g.direction[row], ", ");
          out << ")";
        }
        out << "]";
      }
    };
  };
  return std::array{"spacing ", "origin ", "direction "}[field] + against(values(a), values(b));
}

}  // namespace tss
