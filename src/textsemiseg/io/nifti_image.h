// NIfTI files, read without ITK. Its reader refuses about one in ten of the affines that people save by nibabel, fills truncated files with
// zeros without a word, and keeps what it has read in static variables.
#pragma once

#include <filesystem>

#include "textsemiseg/io/image_header.h"

namespace tss {

// Header, place and what reads the voxels (scaled by scl_slope and scl_inter where set). Throws InputError naming file or field.
//
// The place in float64, mm, RAS+: the sform where its code is 1 (scanner) or where the two agree, else the qform where that is set, else the
// sform: the rule of ITK, ITK-SNAP and Slicer. One that is sheared gives way to the other. pixdim counts for the qform alone. Where neither
// is set the array axes are taken as left, posterior, superior.
ImageHeader read_nifti_image(const std::filesystem::path& path);

}  // namespace tss
