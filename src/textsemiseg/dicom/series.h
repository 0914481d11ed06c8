// DICOM series: a folder of slices, several series in it or below it, as one volume. ITK takes the first gap between slices as the
// spacing of all, whatever follows; here every slice's ImagePositionPatient is projected on the normal of the slices, and what is no
// regular grid is refused with the slice's name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/dicom/header.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct DicomSeries {
  std::string uid;
  std::vector<DicomHeader> slices;  // by position along the normal where they have one
};

// True when the folder holds a DICOM file, itself or below it. FOLDER#choice counts as FOLDER.
bool holds_dicom(const std::filesystem::path& path);
// The part before "#choice" where the whole is no path that exists.
std::filesystem::path dicom_folder(const std::filesystem::path& path);

// All series of images, by series number and UID; others (segmentations, reports, ...) are left out.
std::vector<DicomSeries> list_dicom_series(const std::filesystem::path& folder);

// The series that the path means: FOLDER's only one with several slices, or FOLDER#number, FOLDER#beginning-of-UID. Throws InputError:
// no series, several (with their list), no such one, only objects of a kind that cannot be read, a damaged file of the series (or one that
// shows no series, beside its slices).
DicomSeries find_dicom_series(const std::filesystem::path& path);

// The grid of the slices, RAS; the third axis runs along the normal. subject: what to call the series in messages. Throws InputError
// naming the slices: missing position, orientation or spacing, different sizes, spacings or orientations, two at one place, a gap, varying
// steps (from 10 %; warns from 1 %), shifts within the plane (gantry tilt, shear), a single slice.
Geometry dicom_geometry(const DicomSeries& series, const std::filesystem::path& subject);

Image read_dicom_series(const std::filesystem::path& path);

}  // namespace tss
