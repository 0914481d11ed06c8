#include "textsemiseg/volume/reduce.h"

#include <algorithm>
#include <array>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

// Calls visit(block's first voxel, one past its last voxel) for every block, in the order of the reduced volume's voxels.
template <class Visit>
void for_each_block(const Size3& size, const Size3& factor, const Visit& visit) {
  for (int64_t x = 0; x < size[0]; x += factor[0])
    for (int64_t y = 0; y < size[1]; y += factor[1])
      for (int64_t z = 0; z < size[2]; z += factor[2])
        visit(Size3{x, y, z},
              Size3{std::min(x + factor[0], size[0]), std::min(y + factor[1], size[1]), std::min(z + factor[2], size[2])});
}

template <class T, class Visit>
void for_each_voxel(const Volume<T>& volume, const Size3& begin, const Size3& end, const Visit& visit) {
  for (int64_t x = begin[0]; x < end[0]; ++x)
    for (int64_t y = begin[1]; y < end[1]; ++y)
      for (int64_t z = begin[2]; z < end[2]; ++z) visit(volume(x, y, z));
}

}  // namespace

Geometry reduced(const Geometry& geometry, const Size3& factor) {
  Geometry out = geometry;
  Vector3 centre;
  for (size_t axis = 0; axis < 3; ++axis) {
    if (factor[axis] < 1) throw InputError("reduce", "found " + join(factor, ", "), "three factors of at least 1");
    out.size[axis] = (geometry.size[axis] + factor[axis] - 1) / factor[axis];
    out.spacing[axis] = geometry.spacing[axis] * static_cast<double>(factor[axis]);
    centre[axis] = static_cast<double>(factor[axis] - 1) / 2;
  }
  out.origin = geometry.world(centre);
  return out;
}

Image reduce(const Image& image, const Size3& factor) {
  Image out(reduced(image.geometry, factor));
  size_t at = 0;
  for_each_block(image.size(), factor, [&](const Size3& begin, const Size3& end) {
    double sum = 0;
    for_each_voxel(image, begin, end, [&](float v) { sum += v; });
    const int64_t count = (end[0] - begin[0]) * (end[1] - begin[1]) * (end[2] - begin[2]);
    out.voxels[at++] = static_cast<float>(sum / static_cast<double>(count));
  });
  return out;
}

LabelMap reduce(const LabelMap& labels, const Size3& factor) {
  LabelMap out(reduced(labels.geometry, factor));
  size_t at = 0;
  for_each_block(labels.size(), factor, [&](const Size3& begin, const Size3& end) {
    std::array<int64_t, 256> count{};
    for_each_voxel(labels, begin, end, [&](uint8_t v) { ++count[v]; });
    const auto most = std::max_element(count.begin(), count.end());
    Size3 middle;
    for (size_t axis = 0; axis < 3; ++axis) middle[axis] = std::min(begin[axis] + factor[axis] / 2, end[axis] - 1);
    const uint8_t central = labels(middle[0], middle[1], middle[2]);
    out.voxels[at++] = count[central] == *most ? central : static_cast<uint8_t>(most - count.begin());
  });
  return out;
}

}  // namespace tss
