#include "textsemiseg/statistics/paired_tests.h"

#include <gtest/gtest.h>

#include <cmath>

#include "textsemiseg/base/random.h"

namespace tss::paired_tests_test {

// The inputs of tests/statistics_oracle/paired_tests.py, which printed the expected numbers.
std::vector<double> wave(int n, double shift, double step = 0) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) {
    const double d = std::sin(i * i + 1.0) + shift;
    out.push_back(step > 0 ? std::nearbyint(d / step) * step : d);
  }
  return out;
}

struct SciPy {
  const char* name;
  std::vector<double> differences;
  int64_t zeros;
  double statistic, p;
  bool exact;
};

TEST(SignedRank, IsThatOfSciPy) {
  const SciPy cases[] = {
      {"10 distinct", wave(10, 0.3), 0, 16, 0.275390625, true},
      {"50 distinct", wave(50, 0.25), 0, 311, 0.0012822418351, true},
      {"51 distinct", wave(51, 0.25), 0, 321, 0.0013472236099, false},
      {"12 with ties", wave(12, 0.55, 0.25), 2, 5, 0.017578125, true},
      {"13 with ties and zeros", wave(13, 0.3, 0.5), 2, 7.5, 0.0146484375, true},
      {"14 with ties and zeros", wave(14, 0.3, 0.5), 2, 9, 0.0152933710302, false},
      {"40 with ties", wave(40, 0.3, 0.125), 1, 134, 0.000342525960008, false},
      {"6 of one sign", {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 0, 0, 0.03125, true},
  };
  for (const SciPy& expected : cases) {
    const SignedRankTest test = wilcoxon_signed_rank(expected.differences);
    EXPECT_EQ(test.pairs, static_cast<int64_t>(expected.differences.size())) << expected.name;
    EXPECT_EQ(test.zeros, expected.zeros) << expected.name;
    EXPECT_EQ(test.statistic(), expected.statistic) << expected.name;
    EXPECT_NEAR(*test.p, expected.p, 1e-11 * expected.p + 1e-14) << expected.name;
    EXPECT_EQ(test.exact, expected.exact) << expected.name;
  }
}

TEST(SignedRank, ByHand) {
  // |d| = 1, 2, 3: of the eight signs, R+ = 0, 1, 2, 3, 3, 4, 5, 6. R- is 1 here: two signs have at most that.
  const SignedRankTest test = wilcoxon_signed_rank({2, -1, 3});
  EXPECT_EQ(test.positive_ranks, 5);
  EXPECT_EQ(test.negative_ranks, 1);
  EXPECT_DOUBLE_EQ(*test.p, 2 * 2.0 / 8);
  EXPECT_DOUBLE_EQ(*wilcoxon_signed_rank({-2, 1, -3}).p, 0.5);  // the other direction is as likely
  EXPECT_DOUBLE_EQ(*wilcoxon_signed_rank({1, -1}).p, 1);        // both signs share rank 1.5; twice a half is 1
}

TEST(SignedRank, NoPairsAndNoDifferences) {
  EXPECT_FALSE(wilcoxon_signed_rank({}).p.has_value());
  EXPECT_DOUBLE_EQ(*wilcoxon_signed_rank(std::vector<double>(40, 0.0)).p, 1);
  EXPECT_DOUBLE_EQ(*wilcoxon_signed_rank({0, 0, 0.5}).p, 1);
}

TEST(SignedRank, SmallestP) {
  EXPECT_DOUBLE_EQ(smallest_signed_rank_p(6), 0.03125);
  EXPECT_DOUBLE_EQ(*wilcoxon_signed_rank(std::vector<double>{1, 2, 3, 4, 5}).p, smallest_signed_rank_p(5));
  EXPECT_DOUBLE_EQ(smallest_signed_rank_p(0), 1);
  EXPECT_GE(smallest_signed_rank_p(100000), 0);
}

// Differences that are 0 on average: about one in twenty must be below 0.05, never more.
TEST(SignedRank, FindsNothingWhereNothingIs) {
  constexpr int kTrials = 4000;
  for (const int64_t n : {8, 12, 20, 40, 80}) {
    int rejected = 0;
    for (int trial = 0; trial < kTrials; ++trial) {
      Random random(static_cast<uint64_t>(trial), Stream::kPhantom, static_cast<uint64_t>(n));
      std::vector<double> differences;
      for (int64_t i = 0; i < n; ++i) differences.push_back(random.normal());
      rejected += *wilcoxon_signed_rank(differences).p < 0.05;
    }
    EXPECT_NEAR(static_cast<double>(rejected) / kTrials, 0.046, 0.014)
        << n;  // exact p take steps: 0.039 is the largest below 0.05 at 8
  }
}

TEST(PairedBootstrap, NearsSciPysMillionResamples) {
  const PairedBootstrap test = paired_bootstrap(wave(30, 0.3), {.resamples = 100000, .level = 0.95, .seed = 0});
  EXPECT_NEAR(*test.difference.mean, 0.32955445023590235, 1e-14);
  EXPECT_NEAR(*test.difference.low, 0.0695, 0.004);
  EXPECT_NEAR(*test.difference.high, 0.5855, 0.004);
  EXPECT_NEAR(*test.p, 2 * 0.00638, 0.0012);
}

TEST(PairedBootstrap, ExtremesAreKnown) {
  const BootstrapOptions options{.resamples = 999, .level = 0.95, .seed = 0};
  EXPECT_DOUBLE_EQ(*paired_bootstrap({0.1, 0.2, 0.3}, options).p, 2.0 / 1000);  // no resample reaches 0
  EXPECT_DOUBLE_EQ(*paired_bootstrap({-0.1, -0.2, -0.3}, options).p, 2.0 / 1000);
  EXPECT_DOUBLE_EQ(*paired_bootstrap({0, 0, 0}, options).p, 1);
  EXPECT_FALSE(paired_bootstrap({0.1}, options).p.has_value());
  EXPECT_DOUBLE_EQ(*paired_bootstrap({0.1}, options).difference.mean, 0.1);
}

TEST(PairedBootstrap, AgreesWithItsInterval) {
  for (const double shift : {0.0, 0.1, 0.2, 0.25, 0.3, 0.5}) {
    const PairedBootstrap test = paired_bootstrap(wave(25, shift));
    const bool excludes = *test.difference.low > 0 || *test.difference.high < 0;
    EXPECT_EQ(*test.p < 0.05, excludes) << shift << " p " << *test.p;
  }
}

TEST(Holm, IsThatOfStatsmodels) {
  const std::vector<double> adjusted = holm_adjusted({0.01, 0.04, 0.03, 0.005, 0.2, 0.04});
  const std::vector<double> expected{0.05, 0.12, 0.12, 0.03, 0.2, 0.12};
  ASSERT_EQ(adjusted.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(adjusted[i], expected[i], 1e-15) << i;
  EXPECT_TRUE(holm_adjusted({}).empty());
  EXPECT_EQ(holm_adjusted({0.7, 0.6}), (std::vector<double>{1, 1}));
}

}  // namespace tss::paired_tests_test
