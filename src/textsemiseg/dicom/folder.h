// What DICOM a folder holds, in it or below it. The header of each file is read once, here; whatever is asked afterwards is asked of
// what was found.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/dicom/header.h"

namespace tss {

struct DicomSeries {
  std::string uid;
  std::vector<DicomHeader> slices;  // by position along the normal where they have one
};

// A file without which a series may look complete.
struct DamagedDicomFile {
  std::filesystem::path path;
  std::string series_uid;  // "": unknown
  InputError error;
};

struct DicomFolder {
  std::vector<DicomSeries> series;  // of images, by series number and UID
  // Segmentations, reports, secondary captures, ...: by series UID, and why they cannot be read.
  std::multimap<std::string, std::pair<DicomHeader, DicomRefusal>> refused;
  std::vector<DamagedDicomFile> damaged;
};

// True when the folder holds a DICOM file, itself or below it. FOLDER#choice counts as FOLDER.
bool holds_dicom(const std::filesystem::path& path);
// The part before "#choice" where the whole is no path that exists.
std::filesystem::path dicom_folder(const std::filesystem::path& path);

// By path; valid as long as the DicomFolder is.
using DicomHeaders = std::map<std::filesystem::path, const DicomHeader*>;
DicomHeaders headers_of(const DicomFolder& folder);

// known: headers that are not read again, those of a folder above. Throws InputError on a folder that cannot be looked into; damaged files
// are part of the answer.
DicomFolder read_dicom_folder(const std::filesystem::path& folder, const DicomHeaders& known = {});

}  // namespace tss
