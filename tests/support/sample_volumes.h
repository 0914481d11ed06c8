// Small volumes with awkward geometry, for the tests of volume/ and io/.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "textsemiseg/volume/reorient.h"
#include "textsemiseg/volume/volume.h"

namespace tss::sample {

// Rotation about x, then y, then z (radians).
inline Matrix3 rotation(double a, double b, double c) {
  const double ca = std::cos(a), sa = std::sin(a), cb = std::cos(b), sb = std::sin(b), cc = std::cos(c), sc = std::sin(c);
  return {{{cc * cb, cc * sb * sa - sc * ca, cc * sb * ca + sc * sa},
           {sc * cb, sc * sb * sa + cc * ca, sc * sb * ca - cc * sa},
           {-sb, cb * sa, cb * ca}}};
}

inline Geometry geometry(const Size3& size, const Vector3& spacing, const Vector3& origin, const Matrix3& direction) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.origin = origin;
  g.direction = direction;
  return g;
}

// Anisotropic, oblique, with the array axes near RAS.
inline Geometry oblique() { return geometry({6, 7, 5}, {0.8, 1.3, 2.5}, {10, -20, 5}, rotation(0.2, -0.3, 0.5)); }

// All 48 orders and directions of the array axes.
inline std::vector<AxisMap> all_axis_maps() {
  std::vector<AxisMap> maps;
  const std::array<std::array<size_t, 3>, 6> orders{{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};
  for (const auto& order : orders)
    for (unsigned flips = 0; flips < 8; ++flips) maps.push_back({order, {(flips & 1) != 0, (flips & 2) != 0, (flips & 4) != 0}});
  return maps;
}

// Whole numbers from 0 to 16 without symmetry.
template <class T>
Volume<T> filled(const Geometry& g) {
  Volume<T> out(g);
  for (int64_t x = 0; x < g.size[0]; ++x)
    for (int64_t y = 0; y < g.size[1]; ++y)
      for (int64_t z = 0; z < g.size[2]; ++z) out(x, y, z) = static_cast<T>((x * 7 + y * 13 + z * 29 + x * y * 3) % 17);
  return out;
}

}  // namespace tss::sample
