// How much memory a program could still take here.
#pragma once

namespace tss {

// Bytes: what the system calls available, less where a control group (a container, a job of a scheduler) or ulimit -v allows less.
double free_memory();
// Resident bytes of this process; 0 where the system does not tell.
double resident_memory();

}  // namespace tss
