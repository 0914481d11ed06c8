// The voxels of NIfTI-1 files. ITK reads the header and gives the geometry; it fills what is missing from a truncated file with
// zeros, without a word, and does not notice damage. Checking by a second pass would cost half as much again as ITK's whole
// reading; one pass that inflates, checks and converts costs less than ITK's.
#pragma once

#include <filesystem>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// To be called before ITK sees the header, which aborts the program on such numbers: throws InputError naming the first one of pixdim, qform
// or sform, where these are in use, that is NaN or infinite. Files without a NIfTI-1 header pass.
void check_nifti_header(const std::filesystem::path& path);

// Fills out.voxels (z contiguous, scaled by scl_slope and scl_inter where set) for the grid in out.geometry.
// Throws InputError: truncated (size, CRC), no single-file NIfTI-1 header, not that grid, not a real number type.
void read_nifti_voxels(const std::filesystem::path& path, Image& out);
// The same for the channels of a file with more than three dimensions: as many images on one grid.
void read_nifti_voxels(const std::filesystem::path& path, std::vector<Image>& channels);

}  // namespace tss
