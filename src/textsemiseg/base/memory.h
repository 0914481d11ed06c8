// The allocator's settings. Training frees and asks again for the same hundreds of megabytes each step; returning them to the
// system in between costs 2-3 times the step (page faults).
#pragma once

namespace tss {

// Keeps freed memory in the process (glibc mallopt). Call once, first thing in main.
void keep_freed_memory();
// What was set, for doctor: "M_MMAP_THRESHOLD 1 GiB, ..." or "unchanged (not glibc)".
const char* allocator_settings();

}  // namespace tss
