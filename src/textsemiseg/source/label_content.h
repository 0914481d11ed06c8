// What voxels say: whether an image is a label map by its values.
#pragma once

#include <string>

#include "textsemiseg/volume/volume.h"

namespace tss {

// "0, 1 and 2" for an image that holds few whole numbers from 0, in areas: of the voxels above 0 most have a neighbour of the same value.
// "" for any other; also for one of a single value. label: of the case; few whole numbers above 0 just where it lies need no areas.
std::string label_values_of(const Image& image, const LabelMap* label = nullptr);
bool lie_together(const Image& image, const LabelMap& label);  // what is above 0 in both

}  // namespace tss
