// Changes of the intensities of a patch (sampling/augmentation.h draws them).
#pragma once

#include <vector>

#include "textsemiseg/sampling/augmentation.h"
#include "textsemiseg/volume/geometry.h"

namespace tss {

// In place, one channel [X, Y, Z]: noise, blur, contrast and brightness, low resolution, gamma, in the order of nnU-Net. "Mean" and
// "standard deviation" are those of the patch at that point. scratch: memory used again between calls.
void apply_intensity(const IntensityDraw& draw, const Size3& size, float* voxels, std::vector<float>& scratch);

}  // namespace tss
