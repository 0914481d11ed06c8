// Is an image file all there? ITK fills what is missing from a truncated MetaImage file with zeros and does not notice damage in a
// compressed NRRD file, so this is asked before it reads. (It refuses truncated NRRD files itself; NIfTI: nifti_voxels.h.)
#pragma once

#include <filesystem>

namespace tss {

// Throws InputError naming the file that is truncated or damaged. Compressed data are inflated to their end.
void require_complete_meta(const std::filesystem::path& path);
void require_complete_nrrd(const std::filesystem::path& path);

}  // namespace tss
