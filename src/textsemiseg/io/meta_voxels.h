// The voxels of MetaImage files. MetaIO, behind ITK, says that it has read a file whose compressed data it could not inflate, whose text
// is no numbers or which is too short, and hands out whatever the memory held; so ITK reads the header alone.
#pragma once

#include <filesystem>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Fills the voxels of channels, which have the grid of the file. components: values of one voxel that lie together; the channels are these
// of the first volume, then those of the next. Throws InputError naming the data file: missing, truncated, damaged, more or fewer values
// than its header says.
void read_meta_voxels(const std::filesystem::path& path, int64_t components, std::vector<Image>& channels);

}  // namespace tss
