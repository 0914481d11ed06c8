#include "textsemiseg/statistics/ranks.h"

#include <algorithm>
#include <numeric>

namespace tss {

std::vector<double> average_ranks(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin + 1;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    // Ranks begin + 1 .. end have the mean (begin + 1 + end) / 2.
    for (size_t i = begin; i < end; ++i) ranks[order[i]] = static_cast<double>(begin + 1 + end) / 2;
    begin = end;
  }
  return ranks;
}

MeanRanks mean_ranks(const std::vector<std::vector<std::optional<double>>>& rows, bool larger_is_better) {
  MeanRanks out;
  if (rows.empty()) return out;
  std::vector<double> sums(rows.size());
  for (size_t c = 0; c < rows.front().size(); ++c) {
    std::vector<double> values;
    for (const auto& row : rows) {
      if (row[c]) values.push_back(larger_is_better ? -*row[c] : *row[c]);
    }
    if (values.size() < rows.size()) continue;
    const std::vector<double> ranks = average_ranks(values);
    for (size_t r = 0; r < rows.size(); ++r) sums[r] += ranks[r];
    ++out.cases;
  }
  if (out.cases == 0) return out;
  for (const double sum : sums) out.ranks.push_back(sum / static_cast<double>(out.cases));
  return out;
}

}  // namespace tss
