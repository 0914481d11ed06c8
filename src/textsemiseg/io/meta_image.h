// MetaImage files, read without ITK. MetaIO, behind it, says that it has read a file whose compressed data it could not inflate, whose text is
// no numbers or which is too short, and hands out whatever the memory held.
#pragma once

#include <filesystem>

#include "textsemiseg/io/image_header.h"

namespace tss {

// Header, place (the file counts in LPS) and what reads the voxels. Channels: values of a voxel, or volumes along a fourth axis. Throws
// InputError naming file or field.
ImageHeader read_meta_image(const std::filesystem::path& path);

}  // namespace tss
