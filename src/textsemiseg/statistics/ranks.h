// Ranks with ties averaged.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tss {

// 1 for the smallest value; equal values share the mean of their ranks, as scipy.stats.rankdata(method="average").
std::vector<double> average_ranks(const std::vector<double>& values);

// The average rank of each row over cases, as the Friedman test takes it: within a case, rank 1 is the best row.
struct MeanRanks {
  std::vector<double> ranks;  // one per row; empty where no case counts
  int64_t cases = 0;          // cases in which every row is defined: only these are ranked
};
// rows[r][c]: score of row r in case c. Every row has the same number of cases.
MeanRanks mean_ranks(const std::vector<std::vector<std::optional<double>>>& rows, bool larger_is_better);

}  // namespace tss
