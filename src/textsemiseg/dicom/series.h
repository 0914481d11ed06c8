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
  DicomSeries series;                 // the slices of the volume, by position along their normal
  std::vector<std::string> left_out;  // what of the folder is no slice of it: a line for each
};

// The series that the path means: FOLDER's only one with several slices, or FOLDER#number, FOLDER#beginning-of-UID; contents: of
// dicom_folder(path). Throws InputError: no series, several (with their list), no such one, only objects of a kind that cannot be read, a
// damaged file of the series (or one that shows no series, beside its slices); slices of several kinds of which none is a clear majority.
FoundDicomSeries find_dicom_series(const DicomFolder& contents, const std::filesystem::path& path);

// The grid of the slices, RAS; the third axis runs along the normal. subject: what to call the series in messages. Throws InputError
// naming the slices: missing position, orientation or spacing, different sizes, spacings or orientations, two at one place, a gap, slices
// off an even grid (docs/formats.md has the limits; warns below them), shifts within the plane (gantry tilt, shear), a single slice.
Geometry dicom_geometry(const DicomSeries& series, const std::filesystem::path& subject);

// grid: that of dicom_geometry(). Padding becomes the lowest value that a voxel of the series has. Throws InputError naming the slice whose
// voxels cannot be read.
Image read_dicom_series(const DicomSeries& series, const Geometry& grid);

}  // namespace tss
