#include "textsemiseg/io/completeness.h"

#include <fstream>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/io/inflate.h"
#include "textsemiseg/io/meta_header.h"

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
  std::ifstream in(path, std::ios::binary);
  fs::path data_file = path;
  bool gzip = false;
  std::string line;
  while (std::getline(in, line) && !trim(line).empty()) {
    const std::string field = to_lower_ascii(trim(line));
    gzip = gzip || field == "encoding: gzip" || field == "encoding: gz";
    if (starts_with(field, "data file:") || starts_with(field, "datafile:"))
      data_file = path.parent_path() / trim(line.substr(line.find(':') + 1));
  }
  if (!gzip || !fs::is_regular_file(data_file)) return;  // a list of files, or none: ITK's to read or refuse
  inflated_bytes(data_file, data_file == path ? static_cast<uint64_t>(in.tellg()) : 0);
}

}  // namespace tss
