// NaN and infinities in images.
#pragma once

#include <optional>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Index of the first voxel (z fastest) that is NaN or infinite; empty when all are finite.
std::optional<Size3> first_non_finite(const Image& image);

}  // namespace tss
