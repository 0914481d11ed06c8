// Words in RGB pictures: FreeType with DejaVu Sans, which is part of the program, so that every machine draws the same.
#pragma once

#include <string_view>

#include "textsemiseg/report/png.h"

namespace tss {

// Pixels; text is UTF-8.
double text_width(std::string_view text, double size);
// left: of the first letter; baseline: row. What lies beyond the picture is cut off. Throws Error when FreeType fails.
void draw_text(RgbImage& picture, double left, double baseline, double size, Rgb colour, std::string_view text);

}  // namespace tss
