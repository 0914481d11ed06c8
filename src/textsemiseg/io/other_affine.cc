#include "textsemiseg/io/other_affine.h"

#include <cmath>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

// The same voxels in space, in whatever order they are stored.
bool same_places(const Geometry& a, const Geometry& b) { return same_grid(map_to_ras(a).apply(a), map_to_ras(b).apply(b)); }

// What lies at a place of `from`, at the place that the same voxel has in `to`.
Geometry carried_over(const Geometry& own, const Geometry& from, const Geometry& to) {
  const auto place = [&](const Vector3& index) { return to.world(from.index(own.world(index))); };
  Geometry out = own;
  out.origin = place({0, 0, 0});
  for (size_t axis = 0; axis < 3; ++axis) {
    Vector3 one{};
    one[axis] = 1;
    const Vector3 end = place(one);
    out.spacing[axis] = std::hypot(end[0] - out.origin[0], end[1] - out.origin[1], end[2] - out.origin[2]);
    for (size_t row = 0; row < 3; ++row) out.direction[row][axis] = (end[row] - out.origin[row]) / out.spacing[axis];
  }
  return out;
}

struct OtherAffine {
  bool of_image = false;
  Geometry placed;  // of the file
};

std::optional<OtherAffine> find_other(const Scan& image, const Scan& file) {
  const Geometry grid = image.geometry(), own = file.geometry();
  const std::optional<Geometry> other_grid = image.other_geometry(), other_own = file.other_geometry();
  if (same_places(grid, own)) return std::nullopt;
  if (other_grid && same_places(*other_grid, own)) return OtherAffine{true, carried_over(own, *other_grid, grid)};
  if (other_own && same_places(grid, *other_own)) return OtherAffine{false, *other_own};
  return std::nullopt;
}

}  // namespace

std::optional<Geometry> placed_by_other_affine(const Scan& image, const Scan& file) {
  const auto found = find_other(image, file);
  return found ? std::optional(found->placed) : std::nullopt;
}

std::string told_other_affine(const Scan& image, const Scan& file) {
  const auto found = find_other(image, file);
  if (!found) return "";
  return found->of_image
             ? "; it lies on the grid of the other affine of " + image.path().string() + ", whose qform and sform differ"
             : "; it lies there by its other affine: its qform and sform differ";
}

}  // namespace tss
