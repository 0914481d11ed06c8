// Keeps exceptions inside the library: tss_error() tells what they said.
#pragma once

#include <cstdint>
#include <functional>

namespace tss {

// Does the work and returns 0, or keeps the line of its exception for this thread and returns the exit code.
int32_t guarded_call(const std::function<void()>& action);

}  // namespace tss
