// Where the voxels of an array lie in the patient. World axes are RAS+ (as in NIfTI): x to the right, y to the front, z up; millimetres.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tss {

using Size3 = std::array<int64_t, 3>;  // numbers of voxels along the array axes (x, y, z)
using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  // rows

// world = origin + direction * (spacing .* index); the columns of direction are unit vectors of the array axes.
struct Geometry {
  Size3 size{0, 0, 0};
  Vector3 spacing{1, 1, 1};  // mm
  Vector3 origin{0, 0, 0};   // world position of the centre of voxel (0, 0, 0), mm
  Matrix3 direction{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

  int64_t voxels() const { return size[0] * size[1] * size[2]; }
  Vector3 world(const Vector3& index) const;
  // The inverse of world(): a position in mm as a continuous index.
  Vector3 index(const Vector3& position) const;
  // "40 x 51 x 35 voxels of 1 x 1 x 1 mm"
  std::string describe() const;
};

// Grids no farther apart than this many voxels are one grid. It is about what headers of four decimals make of 512 voxels.
inline constexpr double kGridTolerance = 0.05;

// How far apart two grids of one size lie, in voxels: the largest step along an array axis between the same outer corner of both, counted
// in the voxels of the one whose are smaller there. Infinity where the sizes differ, or a number is none.
double grid_distance(const Geometry& a, const Geometry& b);
// No farther apart than tolerance (voxels).
bool same_grid(const Geometry& a, const Geometry& b, double tolerance = kGridTolerance);
// Names the first field that differs, with both values: "spacing 1 x 1 x 1 mm against 1 x 1 x 3 mm"; empty where same_grid().
std::string grid_difference(const Geometry& a, const Geometry& b, double tolerance = kGridTolerance);

}  // namespace tss
