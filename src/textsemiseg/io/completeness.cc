#include "textsemiseg/io/completeness.h"

#include <string>

#include "textsemiseg/archive/inflate.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/meta_header.h"
#include "textsemiseg/io/nrrd_header.h"

namespace tss {
namespace fs = std::filesystem;

void require_complete_meta(const fs::path& path) {
  const MetaHeader header = read_meta_header(path);
  std::error_code missing;
  const uint64_t size = fs::file_size(header.data_file, missing);
  if (missing) throw InputError(path.string() + ": ElementDataFile", header.data_file.string() + " cannot be read", "a file");
  uint64_t found = 0;
  if (header.compressed)
    found = inflated_bytes(header.data_file, header.data_begin);
  else if (size > header.data_begin)
    found = size - header.data_begin;
  if (found < header.data_bytes)
    throw InputError(header.data_file.string(), concat("is truncated: ", found, " bytes of voxels"),
                     concat(header.data_bytes, " by its header"));
}

void require_complete_nrrd(const fs::path& path) {
  const NrrdHeader header = read_nrrd_header(path);
  // A list of files, or none that is there: ITK's to read or refuse.
  if (!header.gzip || header.data_files.size() != 1 || !fs::is_regular_file(header.data_files.front())) return;
  inflated_bytes(header.data_files.front(), header.data_begin);
}

}  // namespace tss
