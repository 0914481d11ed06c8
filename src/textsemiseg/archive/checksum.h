// CRC-32 as zip and gzip have it: finds damage, is no protection against intent.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tss {

uint32_t crc32_of(const void* data, size_t bytes, uint32_t start = 0);

}  // namespace tss
