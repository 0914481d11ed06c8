#include "textsemiseg/metrics/overlap.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tss {
namespace {

// End of the stretch of line that starts at z and holds value only.
int64_t end_of_stretch(const uint8_t* line, int64_t z, int64_t length, uint8_t value) {
  const uint64_t pattern = 0x0101010101010101ull * value;
  for (uint64_t word; z + 8 <= length; z += 8) {
    std::memcpy(&word, line + z, 8);
    if (word != pattern) break;
  }
  while (z < length && line[z] == value) ++z;
  return z;
}

double ratio(int64_t numerator, int64_t denominator) {
  if (denominator == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(numerator) / static_cast<double>(denominator);
}

}  // namespace

void VoxelBounds::include(int64_t x, int64_t y, int64_t z_begin, int64_t z_end) {
  low = {std::min(low[0], x), std::min(low[1], y), std::min(low[2], z_begin)};
  high = {std::max(high[0], x + 1), std::max(high[1], y + 1), std::max(high[2], z_end)};
}

std::vector<ClassCounts> count_classes(const uint8_t* prediction, const uint8_t* reference, const Size3& size) {
  std::vector<ClassCounts> counts(256);
  for (int64_t x = 0; x < size[0]; ++x) {
    for (int64_t y = 0; y < size[1]; ++y) {
      const int64_t offset = (x * size[1] + y) * size[2];
      const uint8_t* p = prediction + offset;
      const uint8_t* r = reference + offset;
      int64_t p_end = 0, r_end = 0;
      for (int64_t z = 0; z < size[2];) {
        if (p_end <= z) p_end = end_of_stretch(p, z, size[2], p[z]);
        if (r_end <= z) r_end = end_of_stretch(r, z, size[2], r[z]);
        const int64_t end = std::min(p_end, r_end);
        ClassCounts& of_p = counts[p[z]];
        ClassCounts& of_r = counts[r[z]];
        of_p.prediction += end - z;
        of_r.reference += end - z;
        of_p.box.include(x, y, z, end);
        if (p[z] == r[z]) {
          of_p.both += end - z;
        } else {
          of_r.box.include(x, y, z, end);
        }
        z = end;
      }
    }
  }
  return counts;
}

double dice(const ClassCounts& c) { return ratio(2 * c.both, c.prediction + c.reference); }
double jaccard(const ClassCounts& c) { return ratio(c.both, c.prediction + c.reference - c.both); }
double precision(const ClassCounts& c) { return ratio(c.both, c.prediction); }
double recall(const ClassCounts& c) { return ratio(c.both, c.reference); }

}  // namespace tss
