// Versions of the libraries that read and write scans.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tss {

// (name, version) as loaded: ITK, GDCM, DCMTK, HDF5, zlib.
std::vector<std::pair<std::string, std::string>> io_library_versions();

}  // namespace tss
