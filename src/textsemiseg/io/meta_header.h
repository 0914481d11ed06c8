// The header of a MetaImage file (.mha, .mhd): where its data are and how they are stored. The format: https://github.com/Kitware/MetaIO
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/io/raw_voxels.h"

namespace tss {

struct MetaHeader {
  std::filesystem::path data_file;  // the file itself for ElementDataFile = LOCAL
  uint64_t data_begin = 0;          // offset in data_file
  bool at_end = false;              // instead: the data are the end of the file, whatever stands before them
  std::vector<int64_t> sizes;       // x, y, z and further ones
  int64_t components = 1;           // values of one voxel, which lie together
  NumberType type = NumberType::kUint8;
  bool binary = true;  // else text
  bool compressed = false, big_endian = false;
  std::map<std::string, std::string> fields;

  uint64_t numbers() const {
    int64_t out = components;
    for (const int64_t size : sizes) out *= size;
    return static_cast<uint64_t>(out);
  }
};

// Throws InputError naming file and field, and that says what the file is where it is no MetaImage. Data in one file per slice (LIST or a
// pattern) are refused.
MetaHeader read_meta_header(const std::filesystem::path& path);

}  // namespace tss
