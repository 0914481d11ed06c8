// gzip in memory.
#pragma once

#include <string>
#include <string_view>

namespace tss {

std::string gzip(std::string_view bytes, int level = 9);

}  // namespace tss
