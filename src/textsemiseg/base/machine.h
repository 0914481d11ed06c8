// Which machine this is, for files that several machines may write beside each other.
#pragma once

#include <string>

namespace tss {

std::string host_name();  // "unknown" where there is none

// Boot and process namespace: process ids are comparable only within one of each (containers share host names at times). Empty where
// the system does not tell.
const std::string& machine_id();

// A process of this machine_id() that is no longer there.
bool is_gone(int process);

}  // namespace tss
