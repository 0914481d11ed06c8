#include "textsemiseg/checks/case_facts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "textsemiseg/base/percentile.h"
#include "textsemiseg/volume/finite.h"

namespace tss {

ChannelFacts measure(const Image& image) {
  constexpr size_t kSample = 1'000'000;
  ChannelFacts facts;
  double count = 0, mean = 0, squares = 0;
  facts.minimum = INFINITY;
  facts.maximum = -INFINITY;
  double about = 0;
  for (const float voxel : image.voxels) {
    if (!std::isfinite(voxel)) {
      ++facts.non_finite;
      continue;
    }
    if (count == 0) about = voxel;  // near the values, so that squares lose nothing
    count += 1;
    const double value = voxel - about;
    mean += value;
    squares += value * value;
    facts.minimum = std::min<double>(facts.minimum, voxel);
    facts.maximum = std::max<double>(facts.maximum, voxel);
  }
  if (facts.non_finite > 0) facts.first_non_finite = first_non_finite(image);
  if (count == 0) {
    facts.minimum = facts.maximum = 0;
    return facts;
  }
  mean /= count;
  facts.mean = about + mean;
  facts.deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  // An odd step that no side of a usual array is a multiple of.
  size_t step = std::max<size_t>(1, image.voxels.size() / kSample);
  if (step > 1) step = step / 2 * 2 + 1;
  std::vector<double> sample;
  sample.reserve(image.voxels.size() / step + 1);
  for (size_t i = 0; i < image.voxels.size(); i += step)
    if (std::isfinite(image.voxels[i])) sample.push_back(image.voxels[i]);
  if (!sample.empty()) {
    facts.low = percentile(sample, 0.5);
    facts.median = percentile(sample, 50);
    facts.high = percentile(sample, 99.5);
  }
  return facts;
}

std::vector<ValueCount> count_values(const std::vector<float>& voxels, size_t most) {
  std::map<float, int64_t> counts;
  int64_t not_a_number = 0;
  // Runs of one value are counted at once.
  for (size_t i = 0; i < voxels.size() && counts.size() < most;) {
    const float value = voxels[i];
    if (std::isnan(value)) {
      ++not_a_number, ++i;
      continue;
    }
    size_t end = i;
    while (end < voxels.size() && voxels[end] == value) ++end;
    counts[value] += static_cast<int64_t>(end - i);
    i = end;
  }
  std::vector<ValueCount> out;
  for (const auto& [value, count] : counts) out.push_back({value, count});
  if (not_a_number > 0) out.push_back({NAN, not_a_number});
  return out;
}

}  // namespace tss
