// What the tags of one DICOM file say about its place in a scan. Names, ids and birth dates of patients are never kept: the patient is a
// hash in memory.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace tss {

struct DicomHeader {
  std::filesystem::path path;
  std::string series_uid, modality, description;
  std::string sop_class, sop_instance;          // UIDs
  std::string sop_class_name;                   // "CT Image Storage"
  std::string transfer_syntax;                  // "JPEG Lossless, ..."
  bool compressed = false, big_endian = false;  // of the transfer syntax
  std::string patient_key;                      // see scan.h
  int64_t rows = 0, columns = 0, frames = 1, samples = 1;
  int64_t bits_allocated = 0, bits_stored = 0, high_bit = 0;
  bool is_signed = false;
  bool float_voxels = false;                // FloatPixelData or DoubleFloatPixelData instead of PixelData
  std::string photometric;                  // "MONOCHROME2"
  int64_t series_number = 0, instance = 0;  // SeriesNumber, InstanceNumber
  bool has_position = false, has_orientation = false, has_spacing = false;
  std::array<double, 3> position{};     // ImagePositionPatient: centre of the first voxel, LPS, mm
  std::array<double, 6> orientation{};  // ImageOrientationPatient: along a row, along a column
  std::array<double, 2> spacing{};      // PixelSpacing: between rows, between columns, mm
  double slope = 1, intercept = 0;      // RescaleSlope, RescaleIntercept
  // PixelPaddingValue to PixelPaddingRangeLimit: stored words of the least and the greatest value that means "no voxel".
  std::optional<std::array<uint32_t, 2>> padding;
  double gantry_tilt = 0;  // degrees
  std::string image_type;  // ImageType, "ORIGINAL\\PRIMARY\\LOCALIZER"
  std::string phase;       // what tells images of one place apart: echo, time, b-value, ...
};

// Both libraries (DCMTK, GDCM) print what they dislike about a file; our own messages name the slice.
void silence_dicom_libraries();

// Begins like a DICOM file (the letters DICM behind 128 bytes). Cheap.
bool is_dicom_file(const std::filesystem::path& path);
// An optional tag that is present but empty counts as absent. nullopt for the index DICOMDIR. Throws InputError where the file cannot be parsed or its place or rescaling is no number.
std::optional<DicomHeader> read_dicom_header(const std::filesystem::path& path);
// How often this process has called read_dicom_header. Tests hold commands to one reading of each header.
int64_t dicom_headers_read();
// SeriesInstanceUID, also of a file that is damaged behind it; "" where there is none.
std::string series_uid_of(const std::filesystem::path& path);
// Why objects of this kind cannot be read as slices of a scan, and what to do; "" where they can.
struct DicomRefusal {
  std::string found, advice;
};
std::optional<DicomRefusal> refusal_of(const DicomHeader& header);

}  // namespace tss
