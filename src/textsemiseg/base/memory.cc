#include "textsemiseg/base/memory.h"

#include <cstddef>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tss {

#ifdef __GLIBC__
void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 << 20);
}
const char* allocator_settings() {
  return "glibc, freed memory kept (mmap threshold 1 GiB, trim threshold 2 GB, top pad 64 MiB)";
}
#else
void keep_freed_memory() {}
const char* allocator_settings() { return "unchanged (not glibc)"; }
#endif

}  // namespace tss
