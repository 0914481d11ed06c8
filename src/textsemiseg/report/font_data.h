// DejaVu Sans, embedded when the program is built (cmake/embed_font.cmake).
#pragma once

#include <string_view>

namespace tss {

std::string_view font_data();

}  // namespace tss
