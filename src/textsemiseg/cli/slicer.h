// The program under another name: links such as TextSemiSegPredict are modules of 3D Slicer.
#pragma once

#include <optional>
#include <vector>

#include "textsemiseg/cli/slicer_module.h"

namespace tss {

// The links that installation makes, one per module.
const std::vector<SlicerModule>& slicer_modules();

// The exit code when argv[0] is the name of a module; empty for the program's own name.
std::optional<int> run_as_slicer_module(int argc, char** argv);

}  // namespace tss
