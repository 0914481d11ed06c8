#include "textsemiseg/checks/landmarks.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>

namespace tss {
namespace {

constexpr size_t kValues = 15;
constexpr int64_t kSmall = 4'000'000;  // voxels; smaller scans get landmarks of both scales

// Smoothed over (2 reach + 1)^3 voxels; described by values `stride` voxels away.
struct Coarse {
  static constexpr int64_t kReach = 2, kStride = 3;
};
struct Fine {
  static constexpr int64_t kReach = 1, kStride = 2;
};

uint64_t mix(uint64_t value) {  // the finaliser of splitmix64
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

// Sum over a window, in an order that mirroring does not change, so that the same voxels give the same bits.
template <class Scale, class Value>
float window_sum(const Value& value) {
  if constexpr (Scale::kReach == 2)
    return (value(-2) + value(2)) + (value(-1) + value(1)) + value(0);
  else
    return (value(-1) + value(1)) + value(0);
}

// Box sums along axes 1 and 2 of one plane; only voxels at least kReach from the border are set.
template <class Scale>
void smooth_plane(const float* in, const Size3& size, std::vector<float>& rows, float* out) {
  constexpr int64_t kReach = Scale::kReach;
  const int64_t ny = size[1], nz = size[2];
  rows.resize(static_cast<size_t>(ny * nz));
  for (int64_t y = kReach; y < ny - kReach; ++y) {
    const float* from = in + y * nz;
    float* to = rows.data() + y * nz;
    for (int64_t z = 0; z < nz; ++z) to[z] = window_sum<Scale>([&](int64_t step) { return from[z + step * nz]; });
  }
  for (int64_t y = kReach; y < ny - kReach; ++y) {
    const float* from = rows.data() + y * nz;
    float* to = out + y * nz;
    for (int64_t z = kReach; z < nz - kReach; ++z) to[z] = window_sum<Scale>([&](int64_t step) { return from[z + step]; });
  }
}

// The last few planes, by their number.
class Planes {
 public:
  Planes(size_t kept, int64_t voxels) : planes_(kept, std::vector<float>(static_cast<size_t>(voxels), 0.0f)) {}
  float* operator[](int64_t x) { return planes_[static_cast<size_t>(x) % planes_.size()].data(); }

 private:
  std::vector<std::vector<float>> planes_;
};

// Larger (or smaller) than all 26 neighbours.
template <class Before>
bool is_extreme(const std::array<const float*, 3>& planes, int64_t offset, int64_t nz, const Before& before) {
  const float centre = planes[1][offset];
  if (!before(planes[1][offset - 1], centre) || !before(planes[1][offset + 1], centre)) return false;
  if (!before(planes[1][offset - nz], centre) || !before(planes[1][offset + nz], centre)) return false;
  for (const float* plane : planes) {
    for (int64_t dy = -1; dy <= 1; ++dy) {
      for (int64_t dz = -1; dz <= 1; ++dz) {
        const float* neighbour = plane + offset + dy * nz + dz;
        if (neighbour != planes[1] + offset && !before(*neighbour, centre)) return false;
      }
    }
  }
  return true;
}

// planes: those at -stride, 0 and stride. False where two values are equal.
bool describe(const std::array<const float*, 3>& planes, int64_t offset, int64_t nz, int64_t stride, Landmark& landmark) {
  const auto value = [&](const std::array<int, 3>& step) {
    return planes[static_cast<size_t>(step[0] + 1)][offset + (step[1] * nz + step[2]) * stride];
  };
  // The frame: each axis points to the larger of its two neighbours, and the axes come in the order of these.
  std::array<std::pair<float, uint8_t>, 3> ends;
  std::array<int8_t, 3> sign{};
  for (uint8_t axis = 0; axis < 3; ++axis) {
    std::array<int, 3> up{}, down{};
    up[axis] = 1;
    down[axis] = -1;
    const float high = value(up), low = value(down);
    sign[axis] = high > low ? 1 : -1;
    ends[axis] = {std::max(high, low), axis};
  }
  std::sort(ends.begin(), ends.end());
  for (size_t i = 0; i < 3; ++i) {
    landmark.frame.source[i] = ends[i].second;
    landmark.frame.sign[i] = sign[ends[i].second];
  }
  std::array<float, kValues> values{};
  size_t next = 0;
  const auto add = [&](const std::array<int, 3>& own) {
    std::array<int, 3> step{};
    for (size_t i = 0; i < 3; ++i) step[landmark.frame.source[i]] = own[i] * landmark.frame.sign[i];
    values[next++] = value(step);
  };
  add({0, 0, 0});
  for (size_t i = 0; i < 3; ++i) {
    for (const int s : {-1, 1}) {
      std::array<int, 3> own{};
      own[i] = s;
      add(own);
    }
  }
  for (int corner = 0; corner < 8; ++corner) add({(corner & 1) * 2 - 1, (corner & 2) - 1, (corner & 4) / 2 - 1});

  std::array<uint8_t, kValues> order{};
  for (uint8_t i = 0; i < kValues; ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint8_t a, uint8_t b) { return values[a] < values[b]; });
  uint64_t packed = static_cast<uint64_t>(stride);  // landmarks of one scale have nothing to do with those of the other
  for (size_t i = 0; i < kValues; ++i) {
    if (i > 0 && !(values[order[i - 1]] < values[order[i]])) return false;
    packed = packed * 16 + order[i];
  }
  landmark.hash = mix(packed);
  return true;
}

// The lowest hashes met so far.
class LowestHashes {
 public:
  void add(const Landmark& landmark) {
    if (landmark.hash > limit_) return;
    kept_.push_back(landmark);
    if (kept_.size() >= 4 * Sketch::kMost) trim();
  }
  const std::vector<Landmark>& take() {
    trim();
    return kept_;
  }

 private:
  void trim() {
    std::sort(kept_.begin(), kept_.end(),
              [](const Landmark& a, const Landmark& b) { return a.hash != b.hash ? a.hash < b.hash : a.at < b.at; });
    if (kept_.size() <= Sketch::kMost) return;
    limit_ = kept_[Sketch::kMost - 1].hash;
    kept_.resize(Sketch::kMost);
  }
  std::vector<Landmark> kept_;
  uint64_t limit_ = UINT64_MAX;
};

template <class Scale>
void add_landmarks(const Image& image, std::vector<Landmark>& landmarks) {
  constexpr int64_t kReach = Scale::kReach, kStride = Scale::kStride, kBorder = kReach + kStride;
  const Size3& size = image.size();
  for (const int64_t side : size)
    if (side < 2 * kBorder + 1) return;
  const int64_t plane = size[1] * size[2], nz = size[2];
  Planes flat(2 * kReach + 1, plane), smooth(2 * kStride + 1, plane);
  std::vector<float> rows;
  LowestHashes lowest;
  for (int64_t x = 0; x < size[0]; ++x) {
    smooth_plane<Scale>(image.voxels.data() + x * plane, size, rows, flat[x]);
    const int64_t summed = x - kReach;  // the last plane whose neighbours are all there
    if (summed < kReach) continue;
    std::array<const float*, 2 * kReach + 1> window{};
    for (int64_t step = -kReach; step <= kReach; ++step) window[static_cast<size_t>(step + kReach)] = flat[summed + step];
    float* out = smooth[summed];
    for (int64_t i = 0; i < plane; ++i)
      out[i] = window_sum<Scale>([&](int64_t step) { return window[static_cast<size_t>(step + kReach)][i]; });
    const int64_t centre = summed - kStride;
    if (centre < kBorder) continue;
    const std::array<const float*, 3> near{smooth[centre - 1], smooth[centre], smooth[centre + 1]};
    const std::array<const float*, 3> far{smooth[centre - kStride], smooth[centre], smooth[centre + kStride]};
    for (int64_t y = kBorder; y < size[1] - kBorder; ++y) {
      for (int64_t z = kBorder; z < nz - kBorder; ++z) {
        const int64_t offset = y * nz + z;
        const float here = near[1][offset];
        // Nearly every voxel is out after these comparisons.
        const bool above = here > near[1][offset - 1], below = here < near[1][offset - 1];
        if (!(above && here > near[1][offset + 1]) && !(below && here < near[1][offset + 1])) continue;
        const bool extreme =
            above ? is_extreme(near, offset, nz, std::less<float>()) : is_extreme(near, offset, nz, std::greater<float>());
        Landmark landmark;
        landmark.at = {static_cast<int32_t>(centre), static_cast<int32_t>(y), static_cast<int32_t>(z)};
        if (extreme && describe(far, offset, nz, kStride, landmark)) lowest.add(landmark);
      }
    }
  }
  const std::vector<Landmark>& kept = lowest.take();
  landmarks.insert(landmarks.end(), kept.begin(), kept.end());
}

}  // namespace

uint64_t hash_voxels(const Image& image) {
  const auto differs = [&](float value) { return value != image.voxels.front(); };
  if (std::none_of(image.voxels.begin(), image.voxels.end(), differs)) return 0;
  uint64_t hash = 0x9e3779b97f4a7c15ull;
  for (const int64_t side : image.size()) hash = mix(hash ^ static_cast<uint64_t>(side));
  const size_t pairs = image.voxels.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    uint64_t two = 0;
    std::memcpy(&two, image.voxels.data() + 2 * i, sizeof two);
    hash = (std::rotl(hash, 29) ^ two) * 0x9fb21c651e98df25ull;
  }
  if (image.voxels.size() % 2 == 1) hash ^= std::bit_cast<uint32_t>(image.voxels.back());
  return mix(hash);
}

Sketch sketch_of(const Image& image) {
  Sketch sketch;
  sketch.size = image.size();
  sketch.content = hash_voxels(image);
  if (sketch.content == 0) return sketch;
  add_landmarks<Coarse>(image, sketch.landmarks);
  if (image.geometry.voxels() <= kSmall) add_landmarks<Fine>(image, sketch.landmarks);
  return sketch;
}

}  // namespace tss
