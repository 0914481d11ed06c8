// The program's version; CMakeLists.txt reads it here.
#pragma once

namespace tss {

inline constexpr const char* kVersion = "0.1.0";

}  // namespace tss
