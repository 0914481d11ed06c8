#include "textsemiseg/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace tss::random_test {

// The published known answer for counter 0 and key 0 (Random123, kat_vectors), and two blocks computed with a second
// implementation that gives all three published answers.
TEST(Random, IsPhilox4x32_10) {
  Random zero(0, static_cast<Stream>(0));
  for (const uint32_t expected : {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}) EXPECT_EQ(zero.next(), expected);
  Random other(0x0123456789abcdef, Stream::kCrop, 0x100000005, 7);
  for (const uint32_t expected :
       {0xad63f197u, 0x34c43ec6u, 0xbc6fb2a4u, 0xd48565ecu, 0x9d2dd845u, 0x093c4bb7u, 0xc596f262u, 0xfcdd93b7u})
    EXPECT_EQ(other.next(), expected);
}

TEST(Random, TheKeyAloneDecides) {
  Random a(3, Stream::kCrop, 10, 1);
  Random noise(3, Stream::kCrop, 9, 1);
  for (int i = 0; i < 5; ++i) noise.next();
  Random b(3, Stream::kCrop, 10, 1);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(a.next(), b.next());
}

TEST(Random, EveryPartOfTheKeyCounts) {
  std::set<uint64_t> first;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, uint64_t{1} << 63})
    for (const Stream stream : {Stream::kSplit, Stream::kLabelledOrder, Stream::kText})
      for (const uint64_t iteration : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, uint64_t{1} << 40})
        for (const uint32_t index : {0u, 1u, 1u << 31}) first.insert(random_key(seed, stream, iteration, index));
  EXPECT_EQ(first.size(), 4u * 3u * 4u * 3u);
}

TEST(Random, UniformFillsItsRange) {
  Random random(1, Stream::kCrop);
  double sum = 0, low = 1, high = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 4 * std::sqrt(1.0 / 12 / kDraws));
  EXPECT_LT(low, 1e-3);
  EXPECT_GT(high, 0.999);
  const double shifted = random.uniform(-3, -2);
  EXPECT_GE(shifted, -3);
  EXPECT_LT(shifted, -2);
}

TEST(Random, BelowIsEven) {
  Random random(2, Stream::kSplit);
  constexpr int kCells = 7, kDraws = 70000;
  std::array<int, kCells> count{};
  for (int i = 0; i < kDraws; ++i) ++count[static_cast<size_t>(random.below(kCells))];
  double chi2 = 0;
  for (const int n : count) chi2 += std::pow(n - kDraws / kCells, 2) / (static_cast<double>(kDraws) / kCells);
  EXPECT_LT(chi2, 22.5);  // 0.1 % point of 6 degrees of freedom
  for (int i = 0; i < 10; ++i) EXPECT_EQ(random.below(1), 0);
  const int64_t large = random.below(INT64_MAX);
  EXPECT_GE(large, 0);
}

TEST(Random, NormalHasItsMoments) {
  Random random(3, Stream::kPhantom);
  constexpr int kDraws = 100000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double v = random.normal();
    ASSERT_TRUE(std::isfinite(v));
    sum += v;
    squares += v * v;
    fourth += v * v * v * v;
  }
  EXPECT_NEAR(sum / kDraws, 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws, 1, 4 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(fourth / kDraws, 3, 4 * std::sqrt(96.0 / kDraws));
}

TEST(Random, PermutationsAreCompleteAndEven) {
  std::vector<int64_t> sorted(100);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::vector<int64_t> order = Random(4, Stream::kLabelledOrder).permutation(100);
  EXPECT_NE(order, sorted);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, sorted);
  std::set<std::vector<int64_t>> all;
  for (uint32_t i = 0; i < 300; ++i) all.insert(Random(5, Stream::kLabelledOrder, 0, i).permutation(4));
  EXPECT_EQ(all.size(), 24u);
  EXPECT_TRUE(Random(6, Stream::kSplit).permutation(0).empty());
}

TEST(Random, ServesStandardAlgorithms) {
  std::vector<int> values(50);
  std::iota(values.begin(), values.end(), 0);
  Random random(7, Stream::kSplit);
  EXPECT_FALSE(random.chance(0));
  EXPECT_TRUE(random.chance(1));
  std::shuffle(values.begin(), values.end(), random);
  EXPECT_FALSE(std::is_sorted(values.begin(), values.end()));
}

}  // namespace tss::random_test
