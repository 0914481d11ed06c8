// How scans are stored: a table of formats. A new one is a file that derives a Scan (as npy_scan.cc does) and a line in the table
// (scan.cc).
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/io/scan.h"

namespace tss {

struct ScanFormat {
  std::string name;                  // "HDF5"
  std::vector<std::string> endings;  // of its files, small letters; none where scans are folders
  bool (*holds)(const std::filesystem::path& path) =
      nullptr;  // folders: is there such a scan in it? null: files, known by their ending
  ScanPtr (*open)(const std::filesystem::path& path) = nullptr;
};

ScanFormat itk_format();    // NIfTI, NRRD, MetaImage: itk_scan.cc
ScanFormat hdf5_format();   // hdf5_scan.cc
ScanFormat npy_format();    // NPY, NPZ: npy_scan.cc
ScanFormat dicom_format();  // dicom_scan.cc
ScanFormat mask_format();   // FOLDER/*: mask_scan.cc

// The first one that fits a path is its format.
const std::deque<ScanFormat>& scan_formats();
// For a program with a format of its own, and before it opens scans.
void add_scan_format(ScanFormat format);

// HDF5, NPY and NPZ: arrays whose place is unknown.
class ArrayScan : public Scan {
 public:
  using Scan::Scan;
  bool has_geometry() const final { return false; }
};

}  // namespace tss
