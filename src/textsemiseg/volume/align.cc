#include "textsemiseg/volume/align.h"

#include <utility>

#include "textsemiseg/volume/reorient.h"

namespace tss {

std::string align_labels(LabelMap& labels, const Geometry& image, bool* placed, double tolerance) {
  if (placed) *placed = false;
  std::string difference = grid_difference(labels.geometry, image, tolerance);
  if (difference.empty()) return difference;
  const bool nowhere = labels.geometry.origin == Vector3{0, 0, 0};
  LabelMap turned = onto_axes_of(to_ras(labels), image);
  if (nowhere && !same_grid(turned.geometry, image, tolerance)) {
    Geometry moved = turned.geometry;
    moved.origin = image.origin;
    if (same_grid(moved, image, tolerance)) {
      turned.geometry = image;
      if (placed) *placed = true;
    }
  }
  if (!same_grid(turned.geometry, image, tolerance)) return difference;
  labels = std::move(turned);
  labels.geometry = image;
  return "";
}

}  // namespace tss
