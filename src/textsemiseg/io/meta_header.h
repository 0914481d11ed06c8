// The few fields of a MetaImage header (.mha, .mhd) that say where its data are and how they are stored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tss {

struct MetaHeader {
  std::filesystem::path data_file;  // the file itself for ElementDataFile = LOCAL
  uint64_t data_begin = 0;          // offset in data_file
  bool at_end = false;              // instead: the data are the end of the file, whatever stands before them
  std::string type;                 // "MET_SHORT"
  uint64_t numbers = 0, number_bytes = 0;
  bool binary = true;  // else text
  bool compressed = false, big_endian = false;
};

// Throws InputError naming file and field. Data in one file per slice (LIST or a pattern) are refused.
MetaHeader read_meta_header(const std::filesystem::path& path);

}  // namespace tss
