#include "textsemiseg/io/dicom_header.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>
#include <gdcmImageReader.h>
#include <gdcmTrace.h>
#include <gdcmUIDs.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <set>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Both libraries print what they dislike about a file; our own messages name the slice.
void silence_libraries() {
  static const bool done = [] {
    gdcm::Trace::WarningOff();
    gdcm::Trace::ErrorOff();
    gdcm::Trace::DebugOff();
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    return true;
  }();
  static_cast<void>(done);
}

// The text of an element, of its first item or of all ("1\\2"); "" where it is missing.
std::string text_of(DcmItem& data, const DcmTagKey& tag) {
  OFString text;
  return data.findAndGetOFStringArray(tag, text).good() ? trim(text.c_str()) : "";
}

// The first `count` numbers of a decimal or integer string; false unless they are there, and finite.
bool numbers_of(DcmItem& data, const DcmTagKey& tag, double* out, unsigned long count) {
  for (unsigned long i = 0; i < count; ++i)
    if (data.findAndGetFloat64(tag, out[i], i).bad() || !std::isfinite(out[i])) return false;
  return true;
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
  return uids.SetFromUID(uid.c_str()) && uids.GetName() ? uids.GetName() : "DICOM class " + uid;
}

[[noreturn]] void fail_unreadable(const fs::path& path) {
  throw InputError(path.string(), "is a DICOM file that cannot be read (truncated, damaged, or an unknown transfer syntax)",
                   "a complete DICOM file");
}

// What GDCM can decode; it would take the bytes of a film for voxels.
bool is_known(const gdcm::TransferSyntax& syntax) {
  using Syntax = gdcm::TransferSyntax;
  static const std::set<Syntax::TSType> known{Syntax::ImplicitVRLittleEndian,
                                              Syntax::ExplicitVRLittleEndian,
                                              Syntax::ExplicitVRBigEndian,
                                              Syntax::DeflatedExplicitVRLittleEndian,
                                              Syntax::JPEGBaselineProcess1,
                                              Syntax::JPEGExtendedProcess2_4,
                                              Syntax::JPEGLosslessProcess14,
                                              Syntax::JPEGLosslessProcess14_1,
                                              Syntax::JPEGLSLossless,
                                              Syntax::JPEGLSNearLossless,
                                              Syntax::JPEG2000Lossless,
                                              Syntax::JPEG2000,
                                              Syntax::RLELossless};
  return known.contains(static_cast<Syntax::TSType>(syntax));
}

uint32_t length_at(const std::string& file, size_t at, bool big) {
  uint32_t length = 0;
  for (size_t i = 0; i < 4; ++i) length |= uint32_t{static_cast<unsigned char>(file[at + i])} << 8 * (big ? 3 - i : i);
  return length;
}

// Is the value of PixelData all there? GDCM fills what is missing with what happens to be in memory.
bool has_all_pixels(const DicomHeader& header) {
  const std::string file = read_text_file(header.path);
  if (header.compressed) {
    static const std::string kEndOfFragments("\xFE\xFF\xDD\xE0", 4);
    return file.rfind(kEndOfFragments) != std::string::npos;
  }
  const auto bytes = static_cast<size_t>(header.rows * header.columns * header.bits_allocated / 8);
  const std::string tag = header.big_endian ? std::string("\x7F\xE0\x00\x10", 4) : std::string("\xE0\x7F\x10\x00", 4);
  for (size_t at = file.find(tag); at != std::string::npos; at = file.find(tag, at + 1)) {
    // An explicit type may stand between the tag and the length. A smaller length is that of an icon, or chance.
    const bool typed = file.compare(at + 4, 2, "OW") == 0 || file.compare(at + 4, 2, "OB") == 0;
    const size_t begin = at + (typed ? 12 : 8);
    if (begin > file.size() || length_at(file, begin - 4, header.big_endian) < bytes) continue;
    return file.size() - begin >= bytes;
  }
  return false;
}

}  // namespace

bool is_dicom_file(const fs::path& path) {
  char bytes[132] = {};
  std::ifstream in(path, std::ios::binary);
  return in.read(bytes, sizeof bytes) && std::memcmp(bytes + 128, "DICM", 4) == 0;
}

std::optional<DicomHeader> read_dicom_header(const fs::path& path) {
  silence_libraries();
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
  if (out.sop_class.empty()) out.sop_class = stored_class;
  if (stored_class == UID_MediaStorageDirectoryStorage) return std::nullopt;
  out.sop_class_name = name_of_class(out.sop_class);
  const std::string syntax_uid = text_of(meta, DCM_TransferSyntaxUID);
  const gdcm::TransferSyntax syntax(gdcm::TransferSyntax::GetTSType(syntax_uid.c_str()));
  out.transfer_syntax = name_of_class(syntax_uid);
  out.known_syntax = is_known(syntax);
  out.compressed = syntax.IsEncapsulated();
  out.big_endian = syntax == gdcm::TransferSyntax::ExplicitVRBigEndian;
  out.deflated = syntax == gdcm::TransferSyntax::DeflatedExplicitVRLittleEndian;
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
  out.frames = integer_of(data, DCM_NumberOfFrames, 1);
  out.series_number = integer_of(data, DCM_SeriesNumber, 0);
  out.instance = integer_of(data, DCM_InstanceNumber, 0);
  out.has_position = numbers_of(data, DCM_ImagePositionPatient, out.position.data(), 3);
  out.has_orientation = numbers_of(data, DCM_ImageOrientationPatient, out.orientation.data(), 6);
  out.has_spacing = numbers_of(data, DCM_PixelSpacing, out.spacing.data(), 2);
  if (!numbers_of(data, DCM_RescaleSlope, &out.slope, 1)) out.slope = 1;
  if (!numbers_of(data, DCM_RescaleIntercept, &out.intercept, 1)) out.intercept = 0;
  if (!numbers_of(data, DCM_GantryDetectorTilt, &out.gantry_tilt, 1)) out.gantry_tilt = 0;
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
  if (header.frames > 1 || is("2.1") || is("2.2") || is("4.1") || is("4.3") || is("4.4") || is("130") || is("128.1"))
    return DicomRefusal{what + concat(": ", header.frames, header.frames == 1 ? " frame" : " frames", " in one file"),
                        "one file per slice (enhanced and multi-frame objects are not read: dcm2niix converts them to NIfTI)"};
  if (header.rows <= 0 || header.columns <= 0) return DicomRefusal{what + ", without an image", "an image series (CT, MR, PET)"};
  if (header.phase.find("MOSAIC") != std::string::npos)
    return DicomRefusal{what + ": a mosaic of slices in one image", "one image per slice (dcm2niix converts mosaics to NIfTI)"};
  if (header.samples != 1) return DicomRefusal{concat("has ", header.samples, " samples per voxel (colour)"), "grey values"};
  return std::nullopt;
}

void read_dicom_pixels(const DicomHeader& header, float* out) {
  silence_libraries();
  const std::string name = header.path.string();
  const auto fail = [&](const std::string& found) {
    throw InputError(
        name, found + " (stored as " + header.transfer_syntax + ")",
        "complete voxels, uncompressed or as JPEG, JPEG-LS, JPEG 2000 or RLE; gdcmconv --raw or dcmdjpeg unpacks others");
  };
  // GDCM aborts the program on some of these.
  const int64_t bits = header.bits_allocated;
  if ((bits != 8 && bits != 16 && bits != 32) || header.bits_stored < 1 || header.bits_stored > bits || header.high_bit >= bits)
    fail(concat("has BitsAllocated ", bits, ", BitsStored ", header.bits_stored, ", HighBit ", header.high_bit));
  if (!header.known_syntax) fail("its voxels cannot be decoded");
  if (!header.deflated && !has_all_pixels(header)) fail("is truncated, or its PixelData are shorter than its size asks for");
  gdcm::ImageReader reader;
  reader.SetFileName(name.c_str());
  if (!reader.Read()) fail("its voxels cannot be read");
  const gdcm::Image& image = reader.GetImage();
  const auto count = static_cast<size_t>(header.rows * header.columns);
  const gdcm::PixelFormat& format = image.GetPixelFormat();
  if (format.GetSamplesPerPixel() != 1 || image.GetBufferLength() != count * format.GetPixelSize())
    fail(concat("holds ", image.GetBufferLength(), " bytes of voxels for ", header.columns, " x ", header.rows));
  std::vector<char> bytes(image.GetBufferLength());
  if (!image.GetBuffer(bytes.data())) fail("its voxels cannot be decoded");
  const auto convert = [&]<class T>(T) {
    for (size_t i = 0; i < count; ++i) {
      T value;
      std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
      out[i] = static_cast<float>(static_cast<double>(value) * header.slope + header.intercept);
    }
  };
  switch (format.GetScalarType()) {
    case gdcm::PixelFormat::UINT8:
      return convert(uint8_t{});
    case gdcm::PixelFormat::INT8:
      return convert(int8_t{});
    case gdcm::PixelFormat::UINT12:
    case gdcm::PixelFormat::UINT16:
      return convert(uint16_t{});
    case gdcm::PixelFormat::INT12:
    case gdcm::PixelFormat::INT16:
      return convert(int16_t{});
    case gdcm::PixelFormat::UINT32:
      return convert(uint32_t{});
    case gdcm::PixelFormat::INT32:
      return convert(int32_t{});
    default:
      fail(concat("has voxels of the type ", format.GetScalarTypeAsString()));
  }
}

}  // namespace tss
