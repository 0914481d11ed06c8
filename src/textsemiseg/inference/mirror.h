// Mirroring at test time: the mean over the scan and its mirror images, each turned back.
#pragma once

#include <cstdint>
#include <vector>

#include "textsemiseg/inference/sliding_window.h"

namespace tss {

// axes: of the prepared (RAS) grid, 0 left-right, 1 back-front, 2 bottom-top, each at most once; 2^n calls of the function for n
// axes. Empty: the function itself.
WindowFunction mirrored(WindowFunction function, const std::vector<int64_t>& axes);

// "x,z", "xyz", "all" or "none"; throws InputError naming the option.
std::vector<int64_t> parse_mirror_axes(const std::string& text);
std::string mirror_axes_name(const std::vector<int64_t>& axes);  // "x,z"; "none"

}  // namespace tss
