#include "textsemiseg/statistics/paired_tests.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "textsemiseg/statistics/ranks.h"

namespace tss {
namespace {

constexpr size_t kExactWithoutTies = 50, kExactWithTies = 13;  // differences; the limits of SciPy

// Share of the 2^n signs whose sum of positive ranks is at most `sum`. Ranks are multiples of 1/2, so twice them are whole.
double share_at_most(const std::vector<double>& ranks, double sum) {
  std::vector<double> ways{1};  // ways[s]: share of signs with twice the sum = s
  for (const double rank : ranks) {
    const auto step = static_cast<size_t>(std::lround(2 * rank));
    std::vector<double> next(ways.size() + step);
    for (size_t s = 0; s < ways.size(); ++s) {
      next[s] += ways[s] / 2;
      next[s + step] += ways[s] / 2;
    }
    ways = std::move(next);
  }
  const auto end = ways.begin() + std::lround(2 * sum) + 1;
  return std::accumulate(ways.begin(), std::min(end, ways.end()), 0.0);
}

// Of the statistic, from its mean and variance under the null hypothesis.
double normal_p(const std::vector<double>& magnitudes, const std::vector<double>& ranks, double statistic) {
  const auto n = static_cast<double>(ranks.size());
  double variance = n * (n + 1) * (2 * n + 1);
  std::vector<double> sorted = magnitudes;
  std::sort(sorted.begin(), sorted.end());
  for (size_t begin = 0; begin < sorted.size();) {
    const auto end = static_cast<size_t>(std::upper_bound(sorted.begin(), sorted.end(), sorted[begin]) - sorted.begin());
    const auto tied = static_cast<double>(end - begin);
    variance -= (tied * tied * tied - tied) / 2;
    begin = end;
  }
  const double z = (statistic - n * (n + 1) / 4) / std::sqrt(variance / 24);
  return std::erfc(std::abs(z) / std::sqrt(2.0));
}

}  // namespace

SignedRankTest wilcoxon_signed_rank(const std::vector<double>& differences) {
  SignedRankTest out;
  out.pairs = static_cast<int64_t>(differences.size());
  if (differences.empty()) return out;
  std::vector<double> magnitudes;
  for (const double d : differences) {
    if (d != 0) magnitudes.push_back(std::abs(d));
  }
  out.zeros = out.pairs - static_cast<int64_t>(magnitudes.size());
  const std::vector<double> ranks = average_ranks(magnitudes);
  size_t at = 0;
  for (const double d : differences) {
    if (d == 0) continue;
    (d > 0 ? out.positive_ranks : out.negative_ranks) += ranks[at++];
  }
  const bool distinct = std::set<double>(magnitudes.begin(), magnitudes.end()).size() == differences.size();
  out.exact = differences.size() <= (distinct ? kExactWithoutTies : kExactWithTies) || magnitudes.empty();
  out.p = out.exact ? std::min(1.0, 2 * share_at_most(ranks, out.statistic())) : normal_p(magnitudes, ranks, out.statistic());
  return out;
}

PairedBootstrap paired_bootstrap(const std::vector<double>& differences, const BootstrapOptions& options) {
  PairedBootstrap out;
  if (differences.size() < 2) {
    out.difference = estimate_mean(differences, options);
    return out;
  }
  std::vector<double> means = bootstrap_means(differences, options);
  const auto below = std::count_if(means.begin(), means.end(), [](double mean) { return mean <= 0; });
  const auto above = std::count_if(means.begin(), means.end(), [](double mean) { return mean >= 0; });
  out.difference = estimate_mean(differences, std::move(means), options.level);
  const auto side = static_cast<double>(std::min(below, above) + 1);
  out.p = std::min(1.0, 2 * side / static_cast<double>(options.resamples + 1));
  return out;
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> out(p.size());
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    // An adjusted value is never below that of a smaller p: the procedure stops at the first it cannot reject.
    largest = std::max(largest, std::min(1.0, static_cast<double>(p.size() - i) * p[order[i]]));
    out[order[i]] = largest;
  }
  return out;
}

double smallest_signed_rank_p(int64_t pairs) {
  return std::min(1.0, std::ldexp(2.0, static_cast<int>(-std::min<int64_t>(pairs, 1000))));
}

}  // namespace tss
