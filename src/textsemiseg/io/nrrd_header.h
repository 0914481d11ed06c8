// The few fields of an NRRD header (.nrrd, .nhdr) that say where its data are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tss {

struct NrrdHeader {
  std::vector<std::filesystem::path> data_files;  // the file itself where none is named
  uint64_t data_begin = 0;                        // in the file itself; 0 in others
  bool gzip = false;
};

// No data file at all where the file does not begin like NRRD. A pattern ("slice%03d.raw 1 10 1") stands for all files of such a name.
NrrdHeader read_nrrd_header(const std::filesystem::path& path);

// ITK refuses truncated NRRD files, but does not notice damage in compressed ones: this inflates them to their end. Throws InputError
// naming the data file.
void require_sound_nrrd(const std::filesystem::path& path);

}  // namespace tss
