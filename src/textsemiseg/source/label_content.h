// What voxels say: whether an image is a label map by its values.
#pragma once

#include <string>

#include "textsemiseg/volume/volume.h"

namespace tss {

// "0, 1 and 2" for an image that holds few whole numbers from 0, in areas: of the voxels above 0 most have a neighbour of the same value.
// "" for any other; also for one of a single value.
std::string label_values_of(const Image& image);

}  // namespace tss
