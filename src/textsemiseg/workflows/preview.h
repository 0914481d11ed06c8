// One picture per predicted scan: the three planes through what was found, with outlines, names and volumes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "textsemiseg/report/png.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// scan and labels on one grid, in any orientation. class_names: background first. Each plane is the slice that shows most of the
// labels, the middle one where there are none. window: grey values from black to white; empty: by the scan's percentiles.
RgbImage prediction_preview(const std::string& title, const Image& scan, const LabelMap& labels,
                            const std::vector<std::string>& class_names, const std::vector<double>& window = {});

struct ClassVolume {
  int64_t voxels = 0;
  double ml = 0;
};
// Of each class, background included. Throws std::out_of_range on a label above the classes.
std::vector<ClassVolume> class_volumes(const LabelMap& labels, size_t classes);

}  // namespace tss
