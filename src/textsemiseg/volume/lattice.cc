#include "textsemiseg/volume/lattice.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "textsemiseg/volume/align.h"
#include "textsemiseg/volume/crop_pad.h"
#include "textsemiseg/volume/reorient.h"

namespace tss {
namespace {

// Where `part` begins in the voxels of `whole`; nullopt where it does not lie on that lattice.
std::optional<Size3> begin_on_lattice(const Geometry& part, const Geometry& whole, double tolerance) {
  Size3 begin{};
  const Vector3 index = whole.index(part.origin);
  for (size_t axis = 0; axis < 3; ++axis) {
    constexpr double kFarthest = 1e6;
    if (!(std::abs(index[axis]) < kFarthest)) return std::nullopt;
    begin[axis] = std::llround(index[axis]);
  }
  return same_grid(part, crop_geometry(whole, {begin, part.size}), tolerance) ? std::optional(begin) : std::nullopt;
}

int64_t labelled(const LabelMap& labels) {
  return static_cast<int64_t>(labels.voxels.size()) - std::count(labels.voxels.begin(), labels.voxels.end(), uint8_t{0});
}

}  // namespace

LaidLabels lay_labels(LabelMap& labels, const Geometry& image, double tolerance) {
  LaidLabels out;
  out.difference = align_labels(labels, image, &out.placed, tolerance);
  if (out.difference.empty()) return out;
  const LabelMap turned = onto_axes_of(to_ras(labels), image);
  if (turned.size() == image.size) return out;
  const auto begin = begin_on_lattice(turned.geometry, image, tolerance);
  if (!begin || *begin == Size3{0, 0, 0}) return out;
  Size3 back{};
  for (size_t axis = 0; axis < 3; ++axis) back[axis] = -(*begin)[axis];
  LabelMap padded = crop_or_pad(turned, {back, image.size});
  out.outside = labelled(turned) - labelled(padded);
  if (out.outside > 0) return out;
  padded.geometry = image;
  labels = std::move(padded);
  out.difference.clear();
  out.padded = true;
  return out;
}

std::optional<Geometry> common_grid(const Geometry& a, const Geometry& b, double tolerance) {
  const Geometry turned = map_to_ras(b).inverse().apply(map_to_ras(a).apply(a));
  if (turned.size == b.size) return std::nullopt;
  const auto begin = begin_on_lattice(turned, b, tolerance);
  if (!begin) return std::nullopt;
  Box box;
  for (size_t axis = 0; axis < 3; ++axis) {
    constexpr int64_t kLargest = 1 << 14;
    box.begin[axis] = std::min<int64_t>(0, (*begin)[axis]);
    box.size[axis] = std::max(b.size[axis], (*begin)[axis] + turned.size[axis]) - box.begin[axis];
    if (box.size[axis] > kLargest) return std::nullopt;
  }
  return crop_geometry(b, box);
}

}  // namespace tss
