#include "textsemiseg/dicom/header.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>
#include <gdcmTrace.h>
#include <gdcmUIDs.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;

void silence_dicom_libraries() {
  static const bool done = [] {
    gdcm::Trace::WarningOff();
    gdcm::Trace::ErrorOff();
    gdcm::Trace::DebugOff();
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    return true;
  }();
  static_cast<void>(done);
}

namespace {

// The text of an element, of its first item or of all ("1\\2"); "" where it is missing.
std::string text_of(DcmItem& data, const DcmTagKey& tag) {
  OFString text;
  return data.findAndGetOFStringArray(tag, text).good() ? trim(text.c_str()) : "";
}

// DS or IS, the whole of it.
double number_of(const std::string& subject, std::string text) {
  text = trim(text);
  if (starts_with(text, "+")) text.erase(0, 1);
  const double value = parse_number(subject, text);
  if (!std::isfinite(value)) throw InputError(subject, "found '" + text + "'", "a finite number");
  return value;
}

// The first `count` numbers of a decimal or integer string; false where it is missing or empty. A part of a number ("0" of "0,7") is none.
bool numbers_of(DcmItem& data, const DcmTagKey& tag, const std::string& subject, double* out, size_t count) {
  const std::string text = text_of(data, tag);
  if (text.empty()) return false;
  const std::vector<std::string> parts = split(text, '\\');
  if (parts.size() < count) throw InputError(subject, "found '" + text + "'", concat(count, " numbers"));
  for (size_t i = 0; i < count; ++i) out[i] = number_of(subject, parts[i]);
  return true;
}

// A number that the voxels depend on: `otherwise` where the tag is absent or empty.
double rescaling_of(DcmItem& data, const DcmTagKey& tag, const std::string& subject, double otherwise) {
  const std::string text = text_of(data, tag);
  return text.empty() ? otherwise : number_of(subject, text);
}

// A stored word of 16 bits, whether its type is signed or not; nullopt where the tag is absent or empty.
std::optional<uint32_t> word_of(DcmItem& data, const DcmTagKey& tag) {
  Uint16 word = 0;
  Sint16 number = 0;
  if (data.findAndGetUint16(tag, word).good()) return word;
  if (data.findAndGetSint16(tag, number).good()) return static_cast<uint16_t>(number);
  return std::nullopt;
}

std::optional<std::array<uint32_t, 2>> padding_of(DcmItem& data) {
  const auto value = word_of(data, DCM_PixelPaddingValue);
  if (!value) return std::nullopt;
  return std::array{*value, word_of(data, DCM_PixelPaddingRangeLimit).value_or(*value)};
}

int64_t unsigned_of(DcmItem& data, const DcmTagKey& tag, int64_t otherwise) {
  Uint16 number = 0;
  return data.findAndGetUint16(tag, number).good() ? number : otherwise;
}

int64_t integer_of(DcmItem& data, const DcmTagKey& tag, int64_t otherwise) {
  Sint32 number = 0;
  return data.findAndGetSint32(tag, number).good() ? number : otherwise;
}

std::string hash_of_patient(const std::string& id) {
  if (id.empty()) return "";
  static const std::string salt = [] {
    std::random_device device;
    return concat(device(), device(), device());
  }();
  return hex(hash_bytes(salt + id));
}

std::string name_of_class(const std::string& uid) {
  gdcm::UIDs uids;
  if (uid.empty()) return "unknown";
  return uids.SetFromUID(uid.c_str()) && uids.GetName() ? uids.GetName() : "unknown class " + uid;
}

std::atomic<int64_t> headers_read{0};

[[noreturn]] void fail_unreadable(const fs::path& path) {
  throw InputError(path.string(), "is a DICOM file that cannot be read (truncated, damaged, or an unknown transfer syntax)",
                   "a complete DICOM file");
}

}  // namespace

bool is_dicom_file(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return false;  // to open a pipe is to wait for its writer
  char bytes[132] = {};
  std::ifstream in(path, std::ios::binary);
  if (!in.read(bytes, sizeof bytes)) return false;
  if (std::memcmp(bytes + 128, "DICM", 4) == 0) return true;
  // Without that mark, as old archives have them: group 0008 comes first, little endian, an element of its beginning.
  return bytes[0] == 8 && bytes[1] == 0 && bytes[3] == 0 && static_cast<unsigned char>(bytes[2]) <= 0x18 &&
         to_lower_ascii(path.extension().string()) == ".dcm";
}

int64_t dicom_headers_read() { return headers_read; }

std::optional<DicomHeader> read_dicom_header(const fs::path& path) {
  ++headers_read;
  silence_dicom_libraries();
  DcmFileFormat file;
  if (file.loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect, DCM_PixelData).bad())
    fail_unreadable(path);
  DcmDataset& data = *file.getDataset();
  DcmMetaInfo& meta = *file.getMetaInfo();
  DicomHeader out;
  out.path = path;
  out.sop_class = text_of(data, DCM_SOPClassUID);
  out.sop_instance = text_of(data, DCM_SOPInstanceUID);
  const std::string stored_class = text_of(meta, DCM_MediaStorageSOPClassUID);
  const bool is_uid = !out.sop_class.empty() && out.sop_class.find_first_not_of("0123456789.") == std::string::npos;
  if (!is_uid) out.sop_class = stored_class;
  if (stored_class == UID_MediaStorageDirectoryStorage) return std::nullopt;
  out.sop_class_name = name_of_class(out.sop_class);
  const DcmXfer syntax(data.getOriginalXfer());
  out.transfer_syntax = syntax.getXferName();
  out.compressed = syntax.isEncapsulated();
  out.big_endian = syntax.isBigEndian();
  out.series_uid = text_of(data, DCM_SeriesInstanceUID);
  out.modality = text_of(data, DCM_Modality);
  out.description = text_of(data, DCM_SeriesDescription);
  out.patient_key = hash_of_patient(text_of(data, DCM_PatientID));
  out.rows = unsigned_of(data, DCM_Rows, 0);
  out.columns = unsigned_of(data, DCM_Columns, 0);
  out.samples = unsigned_of(data, DCM_SamplesPerPixel, 1);
  out.bits_allocated = unsigned_of(data, DCM_BitsAllocated, 0);
  out.bits_stored = unsigned_of(data, DCM_BitsStored, 0);
  out.high_bit = unsigned_of(data, DCM_HighBit, 0);
  out.is_signed = unsigned_of(data, DCM_PixelRepresentation, 0) == 1;
  out.float_voxels = data.tagExists(DCM_FloatPixelData) || data.tagExists(DCM_DoubleFloatPixelData);
  out.padding = padding_of(data);
  out.image_type = text_of(data, DCM_ImageType);
  out.photometric = text_of(data, DCM_PhotometricInterpretation);
  out.frames = integer_of(data, DCM_NumberOfFrames, 1);
  out.series_number = integer_of(data, DCM_SeriesNumber, 0);
  out.instance = integer_of(data, DCM_InstanceNumber, 0);
  const std::string subject = path.string() + ": ";
  out.has_position = numbers_of(data, DCM_ImagePositionPatient, subject + "ImagePositionPatient", out.position.data(), 3);
  out.has_orientation =
      numbers_of(data, DCM_ImageOrientationPatient, subject + "ImageOrientationPatient", out.orientation.data(), 6);
  out.has_spacing = numbers_of(data, DCM_PixelSpacing, subject + "PixelSpacing", out.spacing.data(), 2);
  out.slope = rescaling_of(data, DCM_RescaleSlope, subject + "RescaleSlope", 1);
  if (out.slope == 0) throw InputError(subject + "RescaleSlope", "found 0", "a number other than 0");
  out.intercept = rescaling_of(data, DCM_RescaleIntercept, subject + "RescaleIntercept", 0);
  if (data.findAndGetFloat64(DCM_GantryDetectorTilt, out.gantry_tilt).bad()) out.gantry_tilt = 0;
  static const std::vector<std::pair<DcmTagKey, std::string>> kPhases{
      {DCM_EchoTime, "EchoTime"},
      {DCM_TemporalPositionIdentifier, "TemporalPositionIdentifier"},
      {DCM_DiffusionBValue, "DiffusionBValue"},
      {DCM_TriggerTime, "TriggerTime"},
      {DCM_AcquisitionNumber, "AcquisitionNumber"},
      {DCM_ImageType, "ImageType"}};
  for (const auto& [tag, name] : kPhases) {
    const std::string value = text_of(data, tag);
    if (!value.empty()) out.phase += (out.phase.empty() ? "" : ", ") + name + " " + value;
  }
  return out;
}

std::string series_uid_of(const fs::path& path) {
  silence_dicom_libraries();
  DcmFileFormat file;
  // Read up to the first tag behind it.
  if (file.loadFileUntilTag(path.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_autoDetect, DCM_StudyID).bad())
    return "";
  return text_of(*file.getDataset(), DCM_SeriesInstanceUID);
}

std::optional<DicomRefusal> refusal_of(const DicomHeader& header) {
  const auto is = [&](const char* root) {
    static const std::string kStorage = "1.2.840.10008.5.1.4.1.1.";
    const std::string uid = kStorage + root;
    return header.sop_class == uid || starts_with(header.sop_class, uid + ".");
  };
  const std::string what = "is a DICOM object of the kind " + header.sop_class_name;
  if (is("66.4") || is("66.5"))
    return DicomRefusal{what, "a label map on the scan's grid (NIfTI, NRRD): 3D Slicer or dcmqi's segimage2itkimage converts it"};
  if (is("481.3"))
    return DicomRefusal{what + ": contours, no voxels",
                        "a label map on the scan's grid (NIfTI, NRRD): 3D Slicer (SlicerRT) or plastimatch converts it"};
  if (is("481")) return DicomRefusal{what, "the image series it belongs to; doses and plans are not read"};
  if (is("7")) return DicomRefusal{what + ": a picture of a screen, without a place in the patient", "the original image series"};
  if (is("11")) return DicomRefusal{what + ": a way to show images, no image", "the image series it belongs to"};
  if (is("88") || is("104")) return DicomRefusal{what + ": a document, no image", "an image series"};
  if (is("66") || is("9") || is("67") || is("77.1")) return DicomRefusal{what, "an image series (CT, MR, PET)"};
  if (header.float_voxels)
    return DicomRefusal{
        what + ": its voxels are floating-point numbers (FloatPixelData, a parametric map)",
        "whole numbers in PixelData with RescaleSlope; highdicom or dcmqi's paramap2itkimage converts it to NIfTI"};
  if (header.frames > 1 || is("2.1") || is("2.2") || is("4.1") || is("4.3") || is("4.4") || is("130") || is("128.1"))
    return DicomRefusal{what + concat(": ", header.frames, header.frames == 1 ? " frame" : " frames", " in one file"),
                        "one file per slice (enhanced and multi-frame objects are not read: dcm2niix converts them to NIfTI)"};
  if (header.rows <= 0 || header.columns <= 0) return DicomRefusal{what + ", without an image", "an image series (CT, MR, PET)"};
  if (header.phase.find("MOSAIC") != std::string::npos)
    return DicomRefusal{what + ": a mosaic of slices in one image", "one image per slice (dcm2niix converts mosaics to NIfTI)"};
  if (header.samples != 1)
    return DicomRefusal{concat("has ", header.samples, header.samples == 1 ? " sample" : " samples", " per voxel, ",
                               header.photometric, " (colour)"),
                        "grey values"};
  // PALETTE COLOR, say: its numbers are places in a table of colours.
  if (!header.photometric.empty() && header.photometric != "MONOCHROME1" && header.photometric != "MONOCHROME2")
    return DicomRefusal{"has PhotometricInterpretation " + header.photometric + " (colour)",
                        "grey values (MONOCHROME1 or MONOCHROME2)"};
  return std::nullopt;
}

}  // namespace tss
