// The header of a NIfTI file, field by field, as it stands there: NIfTI-1 and NIfTI-2, in one file or as a pair.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// Names as in nifti1.h, numbers as wide as in nifti2.h.
struct NiftiFields {
  bool swap = false;                // bytes in the order of other machines
  std::filesystem::path data_file;  // the file itself; the .img of a pair
  std::array<int64_t, 8> dim{};
  int datatype = 0, bitpix = 0;
  std::array<double, 8> pixdim{};
  double vox_offset = 0;
  uint64_t header_bytes = 0;  // before which no voxel can be
  double scl_slope = 0, scl_inter = 0;
  int xyzt_units = 0, qform_code = 0, sform_code = 0;
  std::array<double, 3> quatern{}, qoffset{};  // b, c, d; x, y, z
  std::array<std::array<double, 4>, 3> srow{};
};

// Throws InputError that says what the file is where it is no NIfTI, and where the data file of a pair is missing.
NiftiFields read_nifti_fields(const std::filesystem::path& path);

}  // namespace tss
