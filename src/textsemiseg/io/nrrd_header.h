// The header of an NRRD file (.nrrd, .nhdr), read without ITK: where its data are, what its axes are and where they lie. The format:
// https://teem.sourceforge.net/nrrd/format.html
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tss {

struct NrrdHeader {
  std::vector<std::filesystem::path> data_files;  // one behind the other; the file itself where none is named
  uint64_t data_begin = 0;                        // in the file itself; 0 in others
  std::map<std::string, std::string> fields;      // small letters, without blanks: "spacedirections"
  std::map<std::string, std::string> keys;        // key:=value, as they stand there
};

// Throws InputError that says what the file is where it does not begin like NRRD.
NrrdHeader read_nrrd_header(const std::filesystem::path& path);

}  // namespace tss
