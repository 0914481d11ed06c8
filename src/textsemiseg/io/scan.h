// One way in for every scan, whatever it is stored as:
//
//   NIfTI, NRRD, MetaImage   .nii .nii.gz .nrrd .nhdr .mha .mhd
//   DICOM series             the folder that holds its slices, also in folders below; FOLDER#2 or FOLDER#1.2.840.113 where it holds
//                            several: the number of the list in the error, or the beginning of the series' UID
//   HDF5                     data sets "image" and "label"
//   FOLDER/*                 every scan file in the folder is the mask of one structure; together they are one label
//   NPY, NPZ                 one array; NPZ: "image" and "label", or its only array
//
// Arrays come out as stored with their geometry; nothing is reoriented. HDF5, NPY and NPZ carry no geometry: identity and 1 mm.
// All functions throw InputError naming the file (or folder and slice), what was found and what was expected. The table of formats:
// scan_format.h.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/io/stored_label.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

struct DicomSeries;
class Scan;
using ScanPtr = std::shared_ptr<const Scan>;

// What a path was found to be. The headers of a DICOM series are read when they are first asked for, and never again; other formats look
// into their file with each question. Safe from several threads.
class Scan {
 public:
  // Throws InputError that says what the path is instead of a scan: missing, one DICOM file and of which kind, an unknown ending.
  static ScanPtr open(const std::filesystem::path& path);
  // The same for what lies below this scan's folder: DICOM headers that were read for this scan are not read again.
  ScanPtr open_below(const std::filesystem::path& path) const;

  explicit Scan(std::filesystem::path path) : path_(std::move(path)) {}
  virtual ~Scan() = default;
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;

  const std::filesystem::path& path() const { return path_; }  // as it was given
  // What the scan is made of: the file itself, behind it the data files that its header names; the slices of a DICOM series, sorted.
  virtual std::vector<std::filesystem::path> files() const { return {path_}; }
  // Of all channels; from the header where the format allows that.
  virtual Geometry geometry() const = 0;
  virtual int64_t channel_count() const = 0;
  // A second place that the file gives itself and that is not used: the other affine of a NIfTI file whose qform and sform differ.
  virtual std::optional<Geometry> other_geometry() const { return std::nullopt; }
  // False for HDF5, NPY, NPZ: formats whose grid is unknown.
  virtual bool has_geometry() const { return true; }

  // All channels of one grid: 4-D NIfTI, NRRD and MetaImage, vector images, HDF5 and NPY arrays with four dimensions. Their channel axis
  // is the first or the last, whichever is shorter.
  virtual std::vector<Image> read_channels() const = 0;
  // One channel; a scan with several is refused with their number.
  virtual Image read() const;
  // Whole numbers, with the names that the file has for them. HDF5 and NPZ: the array "label"; NPY, and NPZ with a single array: that array.
  virtual StoredLabel read_stored_label() const = 0;
  // Those names alone, from the header: Slicer's segments, or a colour table beside the file.
  virtual std::vector<LabelName> label_names() const { return {}; }
  // Values of 0..255 in one layer, by value.
  LabelMap read_label() const;
  // HDF5 or NPZ with an array "label" beside its image: one file is both.
  virtual bool holds_label() const { return false; }
  // Names of the arrays in an HDF5 or NPZ file; empty for other formats.
  virtual std::vector<std::string> array_names() const { return {}; }

  // DICOM: the series that is read, and every series of its folder. Of other formats series() throws and all_series() is empty.
  virtual bool is_series() const { return false; }
  virtual const DicomSeries& series() const;
  virtual const std::vector<DicomSeries>& all_series() const;
  // Tells patients apart within this process: a salted hash of DICOM's PatientID, "" for other formats and where it is empty. The salt
  // is new in each process, so that a key says nothing when it ends up in a file.
  virtual std::string patient_key() const { return ""; }

 protected:
  // Of the same format, with what is known already; null: nothing is.
  virtual ScanPtr below(const std::filesystem::path& /*path*/) const { return nullptr; }

 private:
  std::filesystem::path path_;
};

// Questions to a name, whether or not something is there.

// Endings of the files that can be read, e.g. ".nii.gz", ".h5".
std::vector<std::string> scan_extensions();
// A file named like a scan, or a folder (with or without #series) with DICOM files in it or below it.
bool is_scan(const std::filesystem::path& path);
// A file with DICOM's mark, of whatever kind.
bool is_dicom_slice(const std::filesystem::path& path);
// FOLDER/*: a folder of masks.
inline constexpr char kAllMasks[] = "*";
bool is_mask_folder(const std::filesystem::path& path);
// Also right for FOLDER#series and FOLDER/*, which no file system knows.
bool scan_exists(const std::filesystem::path& path);
// File name without the ending of its format; the folder's name for a DICOM series and for masks.
std::string scan_stem(const std::filesystem::path& path);
// The folder of a path to a folder, to FOLDER#series or to FOLDER/*; empty for a file.
std::filesystem::path scan_folder(const std::filesystem::path& path);

}  // namespace tss
