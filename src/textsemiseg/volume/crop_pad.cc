#include "textsemiseg/volume/crop_pad.h"

namespace tss {

Geometry crop_geometry(const Geometry& geometry, const Box& box) {
  Geometry out = geometry;
  out.size = box.size;
  out.origin =
      geometry.world({static_cast<double>(box.begin[0]), static_cast<double>(box.begin[1]), static_cast<double>(box.begin[2])});
  return out;
}

Box padded_box(const Size3& volume, const Size3& minimum) {
  Box box;
  for (size_t axis = 0; axis < 3; ++axis) {
    const int64_t missing = std::max<int64_t>(minimum[axis] - volume[axis], 0);
    box.begin[axis] = -(missing / 2);
    box.size[axis] = volume[axis] + missing;
  }
  return box;
}

Box grown_box(const Box& box, const Size3& margin, const Size3& volume) {
  Box out;
  for (size_t axis = 0; axis < 3; ++axis) {
    out.begin[axis] = std::clamp<int64_t>(box.begin[axis] - margin[axis], 0, volume[axis]);
    const int64_t end = std::clamp<int64_t>(box.begin[axis] + box.size[axis] + margin[axis], 0, volume[axis]);
    out.size[axis] = end - out.begin[axis];
  }
  return out;
}

}  // namespace tss
