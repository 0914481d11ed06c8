// DICOM series: a folder of slices, several series in it or below it, as one volume. ITK takes the first gap between slices as the
// spacing of all, whatever follows; here every slice's ImagePositionPatient is projected on the normal of the slices, and what is no
// regular grid is refused with the slice's name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/dicom/folder.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct FoundDicomSeries {
  const DicomSeries* series = nullptr;  // of the folder that was looked through
  std::vector<std::string> left_out;    // damaged files that are no slices of it: a line for each
};

// The series that the path means: FOLDER's only one with several slices, or FOLDER#number, FOLDER#beginning-of-UID; contents: of
// dicom_folder(path). Throws InputError: no series, several (with their list), no such one, only objects of a kind that cannot be read, a
// damaged file of the series (or one that shows no series, beside its slices).
FoundDicomSeries find_dicom_series(const DicomFolder& contents, const std::filesystem::path& path);

// The grid of the slices, RAS; the third axis runs along the normal. subject: what to call the series in messages. Throws InputError
// naming the slices: missing position, orientation or spacing, different sizes, spacings or orientations, two at one place, a gap, varying
// steps (from 10 %; warns from 1 %), shifts within the plane (gantry tilt, shear), a single slice.
Geometry dicom_geometry(const DicomSeries& series, const std::filesystem::path& subject);

// grid: that of dicom_geometry(). Throws InputError naming the slice whose voxels cannot be read.
Image read_dicom_series(const DicomSeries& series, const Geometry& grid);

}  // namespace tss
