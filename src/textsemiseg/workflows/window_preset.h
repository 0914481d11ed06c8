// The sliding window of the released test programs, by the name of the data set (configs/datasets; docs/predict.md#options).
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/inference/sliding_window.h"

namespace tss {

// Sets stride and weights of `options`, and nothing else. Throws InputError with the names known.
void apply_window_preset(const std::string& name, WindowOptions& options);
std::vector<std::string> window_preset_names();

}  // namespace tss
