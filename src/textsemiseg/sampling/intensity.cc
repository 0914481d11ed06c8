#include "textsemiseg/sampling/intensity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tss {
namespace {

struct Statistics {
  double mean = 0, deviation = 0;
  float low = 0, high = 0;
};

Statistics statistics_of(const float* voxels, int64_t count) {
  Statistics out;
  out.low = out.high = voxels[0];
  double sum = 0, squares = 0;
  const double about = voxels[0];  // near the values, so that squares lose nothing
  for (int64_t i = 0; i < count; ++i) {
    const double v = voxels[i] - about;
    sum += v;
    squares += v * v;
    out.low = std::min(out.low, voxels[i]);
    out.high = std::max(out.high, voxels[i]);
  }
  const double mean = sum / static_cast<double>(count);
  out.mean = about + mean;
  out.deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
  return out;
}

// 4096 equally likely values with mean 0 and standard deviation 1 that follow the normal distribution. One random word gives two,
// which makes noise cheap enough for every voxel.
constexpr int kNormalBits = 12;

std::array<float, size_t{1} << kNormalBits> make_normal_table() {
  std::array<float, size_t{1} << kNormalBits> table{};
  const auto distribution = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  double squares = 0;
  for (size_t i = 0; i < table.size(); ++i) {
    const double probability = (static_cast<double>(i) + 0.5) / static_cast<double>(table.size());
    double low = -10, high = 10;
    for (int step = 0; step < 60; ++step) (distribution((low + high) / 2) < probability ? low : high) = (low + high) / 2;
    table[i] = static_cast<float>(low);
    squares += low * low;
  }
  const auto factor = static_cast<float>(1 / std::sqrt(squares / static_cast<double>(table.size())));
  for (float& value : table) value *= factor;
  return table;
}

void add_noise(uint64_t seed, float deviation, int64_t count, float* voxels) {
  static const auto table = make_normal_table();
  constexpr uint32_t kMask = (1u << kNormalBits) - 1;
  Random random(seed, Stream::kAugmentation);
  for (int64_t i = 0; i < count; i += 2) {
    const uint32_t word = random.next();
    voxels[i] += deviation * table[word & kMask];
    if (i + 1 < count) voxels[i + 1] += deviation * table[(word >> 16) & kMask];
  }
}

// One axis of a separable filter; beyond the patch its outermost voxels go on. weights: the middle one first, then outwards.
void filter_axis(const std::vector<float>& weights, const Size3& size, size_t axis, const float* from, float* to) {
  const int64_t stride = axis == 0 ? size[1] * size[2] : axis == 1 ? size[2] : 1;
  const int64_t outer = axis == 0 ? 1 : axis == 1 ? size[0] : size[0] * size[1];
  const int64_t side = size[axis];
  const auto reach = static_cast<int64_t>(weights.size()) - 1;
  std::vector<float> padded(axis == 2 ? static_cast<size_t>(side + 2 * reach) : 0);
  for (int64_t o = 0; o < outer; ++o) {
    const float* in = from + o * side * stride;
    float* out = to + o * side * stride;
    if (axis == 2) {
      std::fill(padded.begin(), padded.begin() + reach, in[0]);
      std::copy(in, in + side, padded.begin() + reach);
      std::fill(padded.end() - reach, padded.end(), in[side - 1]);
      const float* middle = padded.data() + reach;
      for (int64_t k = 0; k < side; ++k) out[k] = weights[0] * middle[k];
      for (int64_t r = 1; r <= reach; ++r) {
        const float w = weights[static_cast<size_t>(r)];
        for (int64_t k = 0; k < side; ++k) out[k] += w * (middle[k - r] + middle[k + r]);
      }
      continue;
    }
    for (int64_t i = 0; i < side; ++i) {
      float* line = out + i * stride;
      for (int64_t k = 0; k < stride; ++k) line[k] = weights[0] * in[i * stride + k];
      for (int64_t r = 1; r <= reach; ++r) {
        const float w = weights[static_cast<size_t>(r)];
        const float* below = in + std::max<int64_t>(i - r, 0) * stride;
        const float* above = in + std::min(i + r, side - 1) * stride;
        for (int64_t k = 0; k < stride; ++k) line[k] += w * (below[k] + above[k]);
      }
    }
  }
}

void blur(double sigma, const Size3& size, float* voxels, std::vector<float>& scratch) {
  const auto reach = static_cast<int64_t>(std::ceil(3 * sigma));
  std::vector<float> weights;
  double sum = 0;
  for (int64_t r = 0; r <= reach; ++r) {
    const double w = std::exp(-static_cast<double>(r * r) / (2 * sigma * sigma));
    weights.push_back(static_cast<float>(w));
    sum += r == 0 ? w : 2 * w;
  }
  for (float& w : weights) w = static_cast<float>(w / sum);
  const auto count = size[0] * size[1] * size[2];
  scratch.resize(static_cast<size_t>(count));
  filter_axis(weights, size, 0, voxels, scratch.data());
  filter_axis(weights, size, 1, scratch.data(), voxels);
  filter_axis(weights, size, 2, voxels, scratch.data());
  std::copy(scratch.begin(), scratch.begin() + count, voxels);
}

// Where each voxel of a side lies between the coarse ones: index below, share of the one above.
struct Between {
  std::vector<int64_t> below;
  std::vector<float> share;
};

Between between(int64_t fine, int64_t coarse) {
  Between out;
  for (int64_t i = 0; i < fine; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * static_cast<double>(coarse) / static_cast<double>(fine) - 0.5;
    const double inside = std::clamp(at, 0.0, static_cast<double>(coarse - 1));
    const auto below = std::min(static_cast<int64_t>(inside), std::max<int64_t>(coarse - 2, 0));
    out.below.push_back(below);
    out.share.push_back(coarse == 1 ? 0.0f : static_cast<float>(inside - static_cast<double>(below)));
  }
  return out;
}

// Every `factor`-th voxel, and back by linear interpolation.
void lower_resolution(double factor, const Size3& size, float* voxels, std::vector<float>& scratch) {
  Size3 coarse{};
  std::array<Between, 3> at;
  for (size_t axis = 0; axis < 3; ++axis) {
    coarse[axis] = std::max<int64_t>(1, std::llround(static_cast<double>(size[axis]) / factor));
    at[axis] = between(size[axis], coarse[axis]);
  }
  scratch.resize(static_cast<size_t>(coarse[0] * coarse[1] * coarse[2] + size[2]));
  const auto pick = [&](size_t axis, int64_t i) {
    return std::min(size[axis] - 1, static_cast<int64_t>((static_cast<double>(i) + 0.5) * static_cast<double>(size[axis]) /
                                                         static_cast<double>(coarse[axis])));
  };
  float* next = scratch.data();
  for (int64_t x = 0; x < coarse[0]; ++x)
    for (int64_t y = 0; y < coarse[1]; ++y)
      for (int64_t z = 0; z < coarse[2]; ++z) *next++ = voxels[(pick(0, x) * size[1] + pick(1, y)) * size[2] + pick(2, z)];
  float* line = next;  // one coarse row between its four neighbours
  const int64_t y_step = coarse[1] > 1 ? coarse[2] : 0, x_step = coarse[0] > 1 ? coarse[1] * coarse[2] : 0;
  const int64_t z_step = coarse[2] > 1 ? 1 : 0;
  for (int64_t x = 0; x < size[0]; ++x) {
    const auto i = static_cast<size_t>(x);
    for (int64_t y = 0; y < size[1]; ++y) {
      const auto j = static_cast<size_t>(y);
      const float u = at[0].share[i], v = at[1].share[j];
      const float* c = scratch.data() + (at[0].below[i] * coarse[1] + at[1].below[j]) * coarse[2];
      for (int64_t z = 0; z < coarse[2]; ++z) {
        const float a = c[z] + v * (c[z + y_step] - c[z]);
        const float b = c[z + x_step] + v * (c[z + x_step + y_step] - c[z + x_step]);
        line[z] = a + u * (b - a);
      }
      float* out = voxels + (x * size[1] + y) * size[2];
      for (int64_t z = 0; z < size[2]; ++z) {
        const int64_t below = at[2].below[static_cast<size_t>(z)];
        out[z] = line[below] + at[2].share[static_cast<size_t>(z)] * (line[below + z_step] - line[below]);
      }
    }
  }
}

// x -> x^exponent on [0, 1], read off a table: powers one by one would cost more than everything else.
void apply_gamma(double exponent, int64_t count, float* voxels) {
  const Statistics before = statistics_of(voxels, count);
  if (!(before.high > before.low)) return;
  constexpr int kSteps = 8192;
  std::vector<float> table(kSteps + 2);
  for (int i = 0; i <= kSteps; ++i) table[static_cast<size_t>(i)] = static_cast<float>(std::pow(i / double{kSteps}, exponent));
  table[kSteps + 1] = 1;
  const float factor = kSteps / (before.high - before.low);
  for (int64_t i = 0; i < count; ++i) {
    const float at = std::min((voxels[i] - before.low) * factor, static_cast<float>(kSteps));
    const auto below = static_cast<int32_t>(at);
    const float* entry = table.data() + below;
    voxels[i] = entry[0] + (at - static_cast<float>(below)) * (entry[1] - entry[0]);
  }
  const Statistics after = statistics_of(voxels, count);
  if (!(after.deviation > 0)) return;
  const auto slope = static_cast<float>(before.deviation / after.deviation);
  const auto shift = static_cast<float>(before.mean - after.mean * before.deviation / after.deviation);
  for (int64_t i = 0; i < count; ++i) voxels[i] = voxels[i] * slope + shift;
}

}  // namespace

void apply_intensity(const IntensityDraw& draw, const Size3& size, float* voxels, std::vector<float>& scratch) {
  const int64_t count = size[0] * size[1] * size[2];
  if (draw.noise > 0)
    add_noise(draw.noise_seed, static_cast<float>(draw.noise * statistics_of(voxels, count).deviation), count, voxels);
  if (draw.blur > 0) blur(draw.blur, size, voxels, scratch);
  if (draw.contrast != 1 || draw.brightness != 0) {
    const Statistics now = statistics_of(voxels, count);
    const auto slope = static_cast<float>(draw.contrast);
    const auto shift = static_cast<float>(now.mean * (1 - draw.contrast) + draw.brightness * now.deviation);
    for (int64_t i = 0; i < count; ++i) voxels[i] = voxels[i] * slope + shift;
  }
  if (draw.low_resolution > 1) lower_resolution(draw.low_resolution, size, voxels, scratch);
  if (draw.gamma != 1) apply_gamma(draw.gamma, count, voxels);
}

}  // namespace tss
