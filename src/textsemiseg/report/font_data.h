// DejaVu Sans (Debian: fonts-dejavu-core) as part of the program, so that words look and measure the same on every machine.
#pragma once

#include <string_view>

namespace tss {

std::string_view font_data();

}  // namespace tss
