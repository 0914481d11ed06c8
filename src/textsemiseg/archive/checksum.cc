#include "textsemiseg/archive/checksum.h"

#include <zlib.h>

namespace tss {

uint32_t crc32_of(const void* data, size_t bytes, uint32_t start) {
  return static_cast<uint32_t>(crc32_z(start, static_cast<const Bytef*>(data), static_cast<z_size_t>(bytes)));
}

}  // namespace tss
