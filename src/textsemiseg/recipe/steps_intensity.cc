// Steps that change intensities.
#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/recipe/steps.h"

namespace tss {
namespace {

const std::vector<std::string> kMethods = {"zscore", "zscore_nonzero", "zscore_positive", "minmax"};

template <class Chosen>
void zscore(std::vector<float>& voxels, const Chosen& chosen) {
  double sum = 0, squares = 0, count = 0;
  for (const float value : voxels) {
    if (!chosen(value)) continue;
    sum += value;
    ++count;
  }
  if (count == 0) return;
  const double mean = sum / count;
  for (const float value : voxels) {
    if (chosen(value)) squares += (value - mean) * (value - mean);
  }
  const double deviation = std::sqrt(squares / count);
  const double scale = deviation > 0 ? 1.0 / deviation : 1.0;
  for (float& value : voxels) value = static_cast<float>((value - mean) * scale);
}

void minmax(std::vector<float>& voxels) {
  if (voxels.empty()) return;
  const auto [low, high] = std::minmax_element(voxels.begin(), voxels.end());
  const double least = *low, range = static_cast<double>(*high) - least;
  for (float& value : voxels) value = static_cast<float>(range > 0 ? (value - least) / range : 0);
}

bool whole_numbers(const std::vector<float>& voxels) {
  return std::all_of(voxels.begin(), voxels.end(), [](float v) { return v == std::floor(v); });
}

// The least number of voxels whose fraction of all reaches `fraction`; at least 1.
int64_t count_reaching(double fraction, int64_t total) {
  auto count = static_cast<int64_t>(std::ceil(fraction * static_cast<double>(total)));
  const auto reaches = [&](int64_t n) { return static_cast<double>(n) / static_cast<double>(total) >= fraction; };
  while (count > 1 && reaches(count - 1)) --count;
  while (count < total && !reaches(count)) ++count;
  return std::max<int64_t>(count, 1);
}

float bin_centre(const std::vector<float>& voxels, int64_t count) {
  constexpr int64_t kBins = 256;
  const auto [low, high] = std::minmax_element(voxels.begin(), voxels.end());
  const double least = *low, width = (static_cast<double>(*high) - least) / static_cast<double>(kBins);
  if (!(width > 0)) return *low;
  std::array<int64_t, kBins> bins{};
  for (const float v : voxels) {
    const auto bin = static_cast<int64_t>((v - least) / width);
    ++bins[static_cast<size_t>(std::clamp<int64_t>(bin, 0, kBins - 1))];
  }
  int64_t below = 0, first = 0;
  while (first < kBins - 1 && (below += bins[static_cast<size_t>(first)]) < count) ++first;
  return static_cast<float>(least + (static_cast<double>(first) + 0.5) * width);
}

}  // namespace

float percentile_value(const Image& image, double fraction) {
  const auto total = static_cast<int64_t>(image.voxels.size());
  const int64_t count = count_reaching(fraction, total);
  if (!whole_numbers(image.voxels)) return bin_centre(image.voxels, count);
  std::vector<float> values = image.voxels;
  const auto place = values.begin() + (count - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void Window::check(const std::string& subject) const {
  if (range.size() == 2 && std::isfinite(range[0]) && std::isfinite(range[1]) && range[0] < range[1]) return;
  throw InputError(subject + ".range", "[" + join(range, ", ") + "]", "[low, high] with low < high");
}

void Window::apply(CaseArrays& one) const {
  const float low = static_cast<float>(range[0]), high = static_cast<float>(range[1]);
  for (Image& channel : one.channels) {
    for (float& value : channel.voxels) value = std::clamp(value, low, high);
    if (!scale) continue;
    for (float& value : channel.voxels) value = (value - low) / (high - low);
  }
}

std::string Window::describe() const {
  return concat("clipped to [", join(range, ", "), "]", scale ? ", then scaled to [0, 1]" : "");
}

void ClipPercentile::check(const std::string& subject) const {
  if (!(upper > 0 && upper <= 1)) throw InputError(subject + ".upper", concat(upper), "a fraction above 0, at most 1");
  if (!(lower >= 0 && lower < upper)) throw InputError(subject + ".lower", concat(lower), "a fraction from 0, below upper");
}

void ClipPercentile::apply(CaseArrays& one) const {
  for (Image& channel : one.channels) {
    if (channel.voxels.empty()) continue;
    const auto [least, most] = std::minmax_element(channel.voxels.begin(), channel.voxels.end());
    const float high = upper < 1 ? percentile_value(channel, upper) : *most;
    const float low = lower > 0 ? percentile_value(channel, lower) : *least;
    for (float& value : channel.voxels) value = std::clamp(value, std::min(low, high), high);
  }
}

std::string ClipPercentile::describe() const {
  return lower > 0 ? concat("clipped at the fractions ", lower, " and ", upper, " of the voxels")
                   : concat("clipped from above at the fraction ", upper, " of the voxels");
}

void Normalise::check(const std::string& subject) const {
  if (std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end()) return;
  throw InputError(subject + ".method", "'" + method + "'" + did_you_mean(method, kMethods), join(kMethods, ", ") + ", or none");
}

void Normalise::apply(CaseArrays& one) const {
  for (Image& channel : one.channels) {
    if (method == "minmax")
      minmax(channel.voxels);
    else if (method == "zscore_nonzero")
      zscore(channel.voxels, [](float v) { return v != 0.0f; });
    else if (method == "zscore_positive")
      zscore(channel.voxels, [](float v) { return v > 0.0f; });
    else
      zscore(channel.voxels, [](float) { return true; });
  }
}

std::string Normalise::describe() const {
  if (method == "minmax") return "least value to 0, greatest to 1";
  const std::string over = method == "zscore"           ? "all voxels"
                           : method == "zscore_nonzero" ? "voxels that are not 0"
                                                        : "voxels above 0";
  return "mean 0 and deviation 1 over " + over;
}

}  // namespace tss
