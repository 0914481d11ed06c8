#include "textsemiseg/io/library_versions.h"

#include <H5public.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <gdcmVersion.h>
#include <itkVersion.h>
#include <zlib.h>

#include "textsemiseg/base/strings.h"

namespace tss {

std::vector<std::pair<std::string, std::string>> io_library_versions() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return {{"ITK", itk::Version::GetITKVersion()},
          {"GDCM", gdcm::Version::GetVersion()},
          {"DCMTK", OFFIS_DCMTK_VERSION},
          {"HDF5", concat(major, ".", minor, ".", release)},
          {"zlib", zlibVersion()}};
}

}  // namespace tss
