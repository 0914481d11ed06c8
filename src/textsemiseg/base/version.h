// The program's version; CMakeLists.txt has the same.
#pragma once

namespace tss {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace tss
