#include "textsemiseg/source/label_content.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr size_t kMostValues = 64;
constexpr float kMostLabel = 65535;
constexpr double kInAreas = 0.6;  // of the voxels above 0, along the axis where most neighbours agree

// Empty where there are more, or others.
std::set<int> few_whole_values(const Image& image) {
  std::set<int> values;
  float last = -1;
  for (const float value : image.voxels) {
    if (value == last) continue;
    last = value;
    if (!(value >= 0 && value <= kMostLabel) || value != std::floor(value)) return {};
    values.insert(static_cast<int>(value));
    if (values.size() > kMostValues) return {};
  }
  return values;
}

double share_of_equal_neighbours(const Image& image, size_t axis) {
  const Size3 size = image.size();
  const std::array<int64_t, 3> step{size[1] * size[2], size[2], 1};
  int64_t above = 0, equal = 0;
  size_t at = 0;
  for (int64_t x = 0; x < size[0]; ++x)
    for (int64_t y = 0; y < size[1]; ++y)
      for (int64_t z = 0; z < size[2]; ++z, ++at) {
        const int64_t place = axis == 0 ? x : axis == 1 ? y : z;
        if (image.voxels[at] == 0 || place + 1 == size[axis]) continue;
        ++above;
        equal += image.voxels[at] == image.voxels[at + static_cast<size_t>(step[axis])];
      }
  return above == 0 ? 0 : static_cast<double>(equal) / static_cast<double>(above);
}

}  // namespace

bool lie_together(const Image& image, const LabelMap& label) {
  if (image.size() != label.size()) return false;
  for (size_t i = 0; i < image.voxels.size(); ++i)
    if ((image.voxels[i] > 0) != (label.voxels[i] > 0)) return false;
  return true;
}

std::string label_values_of(const Image& image, const LabelMap* label) {
  const std::set<int> values = few_whole_values(image);
  if (values.size() < 2) return "";
  const bool areas = (label != nullptr && lie_together(image, *label)) || share_of_equal_neighbours(image, 0) >= kInAreas ||
                     share_of_equal_neighbours(image, 1) >= kInAreas || share_of_equal_neighbours(image, 2) >= kInAreas;
  if (!areas) return "";
  constexpr size_t kShown = 6;
  std::vector<int> shown(values.begin(), values.end());
  if (shown.size() > kShown) {
    const std::vector<int> first(shown.begin(), shown.begin() + kShown);
    return concat(join(first, ", "), " and ", shown.size() - kShown, " more");
  }
  const int last = shown.back();
  shown.pop_back();
  return concat(join(shown, ", "), " and ", last);
}

}  // namespace tss
