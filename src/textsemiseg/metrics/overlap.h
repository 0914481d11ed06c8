// Voxel counts of two label maps, gathered for all classes in one scan, and the overlap scores that follow from them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "textsemiseg/volume/geometry.h"

namespace tss {

// Voxels low <= index < high; empty until something is included.
struct VoxelBounds {
  Size3 low{INT64_MAX, INT64_MAX, INT64_MAX};
  Size3 high{0, 0, 0};

  bool empty() const { return high[0] == 0; }
  void include(int64_t x, int64_t y, int64_t z_begin, int64_t z_end);
};

struct ClassCounts {
  int64_t prediction = 0, reference = 0, both = 0;  // voxels
  VoxelBounds box;                                  // of the union of the two masks
};

// counts[c] for every value c of a byte.
std::vector<ClassCounts> count_classes(const uint8_t* prediction, const uint8_t* reference, const Size3& size);

// Undefined (0 / 0) is NaN.
double dice(const ClassCounts& counts);       // 2 |P and R| / (|P| + |R|)
double jaccard(const ClassCounts& counts);    // |P and R| / |P or R|
double precision(const ClassCounts& counts);  // |P and R| / |P|
double recall(const ClassCounts& counts);     // |P and R| / |R|

}  // namespace tss
