// Label maps that belong to an image but are stored differently.
#pragma once

#include <string>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Brings labels onto the grid of their image where that takes no interpolation: axes in another order or direction are permuted and
// flipped. Labels without a place of their own (origin exactly 0 0 0, as those of Pancreas-CT; size, spacing and directions those of the
// image) take the image's; `placed`, where given, tells that. Returns what still differs, see grid_difference(); "" where nothing does.
std::string align_labels(LabelMap& labels, const Geometry& image, bool* placed = nullptr, double tolerance = kGridTolerance);

}  // namespace tss
