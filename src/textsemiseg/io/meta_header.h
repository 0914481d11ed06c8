// The few fields of a MetaImage header (.mha, .mhd) that say where its data are and how many bytes they take.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tss {

struct MetaHeader {
  std::filesystem::path data_file;  // the file itself for ElementDataFile = LOCAL
  uint64_t data_begin = 0;          // offset in data_file
  uint64_t data_bytes = 0;          // after inflating
  bool compressed = false;
};

// Throws InputError naming file and field. Data in one file per slice (LIST or a pattern) are refused.
MetaHeader read_meta_header(const std::filesystem::path& path);

}  // namespace tss
