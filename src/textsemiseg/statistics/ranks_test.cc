#include "textsemiseg/statistics/ranks.h"

#include <gtest/gtest.h>

namespace tss::ranks_test {

TEST(Ranks, TiesShareTheirMean) {
  EXPECT_EQ(average_ranks({0.3, 0.1, 0.3, 0.2}), (std::vector<double>{3.5, 1, 3.5, 2}));
  EXPECT_EQ(average_ranks({5, 5, 5}), (std::vector<double>{2, 2, 2}));
  EXPECT_TRUE(average_ranks({}).empty());
}

TEST(Ranks, MeanOverCases) {
  // tests/statistics_oracle/paired_tests.py: ranks of scipy.stats.rankdata.
  const MeanRanks ranks = mean_ranks({{0.8, 0.7, 0.9, 0.6}, {0.8, 0.9, 0.7, 0.5}, {0.6, 0.8, 0.9, 0.7}}, true);
  EXPECT_EQ(ranks.cases, 4);
  EXPECT_EQ(ranks.ranks, (std::vector<double>{2, 2.125, 1.875}));
}

TEST(Ranks, SmallerIsBetterForDistances) {
  EXPECT_EQ(mean_ranks({{1.0, 2.0}, {3.0, 5.0}}, false).ranks, (std::vector<double>{1, 2}));
}

TEST(Ranks, OnlyCasesDefinedInEveryRowCount) {
  const MeanRanks ranks = mean_ranks({{1.0, std::nullopt, 4.0}, {2.0, 1.0, 3.0}}, false);
  EXPECT_EQ(ranks.cases, 2);
  EXPECT_EQ(ranks.ranks, (std::vector<double>{1.5, 1.5}));
  EXPECT_TRUE(mean_ranks({{std::nullopt}, {1.0}}, true).ranks.empty());
}

}  // namespace tss::ranks_test
