// Coarser grids by whole factors, for volumes whose spacing is unknown or meaningless (the community's HDF5 cases).
#pragma once

#include "textsemiseg/volume/volume.h"

namespace tss {

// The grid of blocks of factor voxels: size = ceil(size / factor), spacing times factor, origin at the centre of the first block.
// The last block of an axis may be incomplete: it keeps its place in the regular grid. Throws InputError on a factor below 1.
Geometry reduced(const Geometry& geometry, const Size3& factor);
// Mean over the voxels of each block.
Image reduce(const Image& image, const Size3& factor);
// The most frequent class of each block; among equally frequent ones that of the block's voxel at index factor / 2 where it is
// one of them (no class is favoured on average), else the lowest.
LabelMap reduce(const LabelMap& labels, const Size3& factor);

}  // namespace tss
