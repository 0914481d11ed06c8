// NRRD files, read without ITK: its reader of texts is not safe from several threads, it does not notice damage in compressed data, and
// before version 5.4.3 it mirrors files in left-anterior-superior.
#pragma once

#include <filesystem>

#include "textsemiseg/io/image_header.h"

namespace tss {

// Header, place and what reads the voxels: raw, gzip, text and hexadecimal, in the file itself or in others. Throws InputError naming file or
// field.
//
// Axes without a direction (kinds list, vector, time ...) are channels; at most one of them has more than one value. World axes are those of
// the field "space"; where it names none that a body has (scanner-xyz, 3D-right-handed, none at all), they are taken as left, posterior,
// superior, as ITK and Slicer do. Files without directions lie along them, spaced by "spacings".
ImageHeader read_nrrd_image(const std::filesystem::path& path);

}  // namespace tss
