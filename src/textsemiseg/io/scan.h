// One way in for every scan, whatever it is stored as:
//
//   NIfTI, NRRD, MetaImage   .nii .nii.gz .nrrd .nhdr .mha .mhd
//   DICOM series             the folder that holds its slices, also in folders below; FOLDER#2 or FOLDER#1.2.840.113 where it holds
//                            several: the number of the list in the error, or the beginning of the series' UID
//   HDF5                     data sets "image" and "label"
//   NPY, NPZ                 one array; NPZ: "image" and "label", or its only array
//
// Arrays come out as stored with their geometry; nothing is reoriented. HDF5, NPY and NPZ carry no geometry: identity and 1 mm.
// All functions throw InputError naming the file (or folder and slice), what was found and what was expected.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// Endings of the files that can be read, e.g. ".nii.gz", ".h5".
const std::vector<std::string>& scan_extensions();
// A file named like a scan, or a folder (with or without #series) with DICOM files in it or below it.
bool is_scan(const std::filesystem::path& path);
// A file with DICOM's mark, of whatever kind.
bool is_dicom_slice(const std::filesystem::path& path);
// Throws InputError that says what the path is instead of a scan: missing, one DICOM file and of which kind, an unknown ending.
void require_scan(const std::filesystem::path& path);
// Also right for FOLDER#series, which no file system knows.
bool scan_exists(const std::filesystem::path& path);
// File name without the ending of its format; the folder's name for a DICOM series.
std::string scan_stem(const std::filesystem::path& path);
// The folder of a path to a folder or to FOLDER#series; empty for a file.
std::filesystem::path scan_folder(const std::filesystem::path& path);
// What the scan is made of: the file itself, behind it the data files that its header names; the slices of a DICOM series, sorted.
std::vector<std::filesystem::path> scan_files(const std::filesystem::path& path);

// One channel; a scan with several is refused with their number.
Image read_scan(const std::filesystem::path& path);
// All channels of one grid: 4-D NIfTI, NRRD and MetaImage, vector images, HDF5 and NPY arrays with four dimensions. Their channel axis
// is the first or the last, whichever is shorter.
std::vector<Image> read_scan_channels(const std::filesystem::path& path);
// Integers 0..255. HDF5 and NPZ: the array "label"; NPY, and NPZ with a single array: that array.
LabelMap read_scan_label(const std::filesystem::path& path);
// Header only, where the format allows that.
Geometry read_scan_geometry(const std::filesystem::path& path);
// From the header: the length of read_scan_channels().
int64_t count_scan_channels(const std::filesystem::path& path);
// HDF5 or NPZ with an array "label" beside its image: one file is both.
bool scan_holds_label(const std::filesystem::path& path);
// HDF5, NPY, NPZ: formats whose grid is unknown.
bool lacks_geometry(const std::filesystem::path& path);
bool is_hdf5_file(const std::filesystem::path& path);

// Tells patients apart within this process: a salted hash of DICOM's PatientID, "" for other formats and where it is empty. The salt
// is new in each process, so that a key says nothing when it ends up in a file.
std::string patient_key(const std::filesystem::path& path);

}  // namespace tss
