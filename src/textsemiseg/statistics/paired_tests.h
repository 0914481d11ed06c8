// Tests of paired differences: the same cases scored under two methods. Two-sided.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "textsemiseg/statistics/estimate.h"

namespace tss {

// Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1945.
struct SignedRankTest {
  int64_t pairs = 0, zeros = 0;  // differences given, and how many of them are 0
  double positive_ranks = 0;     // sum of the ranks of |d| over d > 0
  double negative_ranks = 0;     // the same over d < 0
  bool exact = false;            // how p was found
  std::optional<double> p;       // absent: no pairs
  double statistic() const { return positive_ranks < negative_ranks ? positive_ranks : negative_ranks; }
};

// The null distribution is symmetric around 0. Zeros are dropped (Wilcoxon's own treatment), tied |d| share their mean rank.
// The same choice of method as scipy.stats.wilcoxon(d) with its defaults (SciPy 1.17), and the same p:
//   at most 50 differences, no ties and no zeros, or at most 13 differences:  exact, over all 2^n signs of the ranks
//   otherwise:  normal approximation, variance corrected for ties, no continuity correction
// Nothing but zeros: p = 1. The caller rounds away what is noise of the arithmetic: ties are exact equality.
SignedRankTest wilcoxon_signed_rank(const std::vector<double>& differences);

// Bootstrap of the mean difference over cases (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 13 and
// 15).
struct PairedBootstrap {
  Estimate difference;      // mean, deviation, percentile interval, number of pairs
  std::optional<double> p;  // absent with fewer than two pairs
};

// Pairs are drawn with replacement as in estimate_mean. p is twice the smaller share of resampled means on either side of 0
// (those at 0 count to both), (count + 1) / (resamples + 1), at most 1: it is below 1 - level where the interval excludes 0.
PairedBootstrap paired_bootstrap(const std::vector<double>& differences, const BootstrapOptions& options = {});

// Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 1979: adjusted p values,
// to be compared with the level itself, in the order given.
std::vector<double> holm_adjusted(const std::vector<double>& p);

// The smallest p that wilcoxon_signed_rank can give for this many pairs: 2 / 2^n.
double smallest_signed_rank_p(int64_t pairs);

}  // namespace tss
