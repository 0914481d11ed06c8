// Exact Euclidean distance transform (Felzenszwalb and Huttenlocher, Theory of Computing 2012): lower envelopes of parabolas, one
// axis after the other; time grows with the number of voxels only.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// Squared distance, in squared units of `spacing`, from every voxel's centre to that of the nearest voxel of the mask (non-zero
// byte), 0 inside it; infinity everywhere for an empty mask. mask: size[0] * size[1] * size[2] bytes, z contiguous; so is the result.
// Exact for spacings whose squares are (unit spacing: integers).
std::vector<double> squared_distances(const uint8_t* mask, const Size3& size, const Vector3& spacing = {1, 1, 1});

}  // namespace tss
