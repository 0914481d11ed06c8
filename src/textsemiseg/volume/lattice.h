// Labels that cover another part of the lattice that their image lies on: cropped to their extent, as 3D Slicer saves segmentations.
#pragma once

#include <optional>
#include <string>

#include "textsemiseg/volume/volume.h"

namespace tss {

struct LaidLabels {
  std::string difference;  // what still differs from the image's grid, see grid_difference(); "" where nothing does
  bool placed = false;     // the labels had no place of their own, see align_labels()
  bool padded = false;     // background was added around them, or cut away
  int64_t outside = 0;     // labelled voxels that lie on the lattice, but outside the image: then nothing is done
};

// align_labels(), and where voxels of both lie on one lattice (spacing and directions agree, the origin is a whole number of voxels away)
// the labels are padded with background, or cut where only background is, onto the grid of the image. Labels of the image's size that are
// merely moved are left alone, and so are those of another size that begin with the image's first voxel: a header that is wrong, or slices that
// were lost on the way, are likelier there than a crop.
LaidLabels lay_labels(LabelMap& labels, const Geometry& image, double tolerance = kGridTolerance);

// The smallest grid on the lattice of b, with its axes, that holds both; nullopt where a lies on another lattice, and where sizes agree, see
// above.
std::optional<Geometry> common_grid(const Geometry& a, const Geometry& b, double tolerance = kGridTolerance);

}  // namespace tss
