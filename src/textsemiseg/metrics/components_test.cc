#include "textsemiseg/metrics/components.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <queue>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"

namespace tss::components_test {

bool neighbours(int dx, int dy, int dz, int connectivity) {
  const int steps = std::abs(dx) + std::abs(dy) + std::abs(dz);
  return steps > 0 && steps <= (connectivity == 6 ? 1 : connectivity == 18 ? 2 : 3);
}

// Flood fill: the definition, slowly. Voxels are connected when they hold the same non-zero value.
Components flood_fill(const std::vector<uint8_t>& data, const Size3& size, int connectivity) {
  Components out;
  out.labels.assign(data.size(), 0);
  for (size_t start = 0; start < data.size(); ++start) {
    if (data[start] == 0 || out.labels[start] != 0) continue;
    out.voxels.push_back(0);
    const int32_t label = static_cast<int32_t>(out.voxels.size());
    std::queue<int64_t> open;
    open.push(static_cast<int64_t>(start));
    out.labels[start] = label;
    while (!open.empty()) {
      const int64_t i = open.front();
      open.pop();
      ++out.voxels.back();
      const int64_t x = i / (size[1] * size[2]), y = i / size[2] % size[1], z = i % size[2];
      for (int dx = -1; dx <= 1; ++dx)
        for (int dy = -1; dy <= 1; ++dy)
          for (int dz = -1; dz <= 1; ++dz) {
            const int64_t nx = x + dx, ny = y + dy, nz = z + dz;
            if (!neighbours(dx, dy, dz, connectivity)) continue;
            if (nx < 0 || ny < 0 || nz < 0 || nx >= size[0] || ny >= size[1] || nz >= size[2]) continue;
            const size_t n = static_cast<size_t>((nx * size[1] + ny) * size[2] + nz);
            if (data[n] != data[start] || out.labels[n] != 0) continue;
            out.labels[n] = label;
            open.push(static_cast<int64_t>(n));
          }
    }
  }
  return out;
}

std::vector<uint8_t> random_labels(const Size3& size, double foreground, int classes, uint64_t seed) {
  Random random(seed, Stream::kPhantom);
  std::vector<uint8_t> data(static_cast<size_t>(size[0] * size[1] * size[2]));
  for (auto& v : data) v = random.chance(foreground) ? static_cast<uint8_t>(1 + random.below(classes)) : 0;
  return data;
}

class Connectivity : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(All, Connectivity, ::testing::Values(6, 18, 26));

TEST_P(Connectivity, LabelsEqualFloodFill) {
  for (const double foreground : {0.05, 0.2, 0.35, 0.6, 0.95}) {
    const Size3 size{9, 11, 21};
    const auto mask = random_labels(size, foreground, 1, 7);
    const Components expected = flood_fill(mask, size, GetParam());
    const Components got = label_components(mask.data(), size, GetParam());
    EXPECT_EQ(got.labels, expected.labels) << foreground;
    EXPECT_EQ(got.voxels, expected.voxels);
  }
}

TEST_P(Connectivity, ClassesAreSeparateComponents) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Size3 size{5, 6, 17};
    const auto labels = random_labels(size, 0.85, 3, seed);
    const Components fill = flood_fill(labels, size, GetParam());
    std::vector<int32_t> best(4, -1);
    for (size_t i = 0; i < labels.size(); ++i) {
      const int32_t c = fill.labels[i] - 1;
      int32_t& b = best[labels[i]];
      if (c >= 0 && (b < 0 || fill.voxels[static_cast<size_t>(c)] > fill.voxels[static_cast<size_t>(b)])) b = c;
    }
    auto largest = labels, large = labels;
    keep_largest_component_per_class(largest.data(), size, GetParam());
    remove_small_components(large.data(), size, GetParam(), 4);
    for (size_t i = 0; i < labels.size(); ++i) {
      const int32_t c = fill.labels[i] - 1;
      ASSERT_EQ(largest[i], c == best[labels[i]] ? labels[i] : 0) << seed << " voxel " << i;
      ASSERT_EQ(large[i], c >= 0 && fill.voxels[static_cast<size_t>(c)] >= 4 ? labels[i] : 0) << seed << " voxel " << i;
    }
  }
}

TEST(Components, TiesGoToTheFirstInRasterOrder) {
  std::vector<uint8_t> mask = {1, 1, 0, 1, 1, 0, 1};
  keep_largest_component(mask.data(), {1, 1, 7}, 26);
  EXPECT_EQ(mask, (std::vector<uint8_t>{1, 1, 0, 0, 0, 0, 0}));
}

TEST(Components, AnyNonZeroByteIsForegroundOfAMask) {
  std::vector<uint8_t> mask = {3, 255, 0, 1};
  EXPECT_EQ(label_components(mask.data(), {1, 1, 4}, 6).voxels, (std::vector<int64_t>{2, 1}));
  keep_largest_component(mask.data(), {1, 1, 4}, 6);
  EXPECT_EQ(mask, (std::vector<uint8_t>{3, 255, 0, 0}));
}

TEST(Components, EmptyStaysEmpty) {
  std::vector<uint8_t> mask(60, 0);
  keep_largest_component(mask.data(), {3, 4, 5}, 26);
  EXPECT_EQ(mask, std::vector<uint8_t>(60, 0));
  EXPECT_TRUE(label_components(mask.data(), {3, 4, 5}, 6).voxels.empty());
}

TEST(Components, UnknownConnectivityIsRefused) {
  const uint8_t one = 1;
  EXPECT_THROW(label_components(&one, {1, 1, 1}, 8), InputError);
}

}  // namespace tss::components_test
