// Scores of one row by class and case, and what pairs of rows make of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/comparison/comparison.h"

namespace tss {

using Values = std::vector<std::optional<double>>;  // by case

// One row under one metric.
struct RowScores {
  std::vector<Values> classes;                    // [class - 1][case], means over seeds
  std::vector<std::vector<Values>> seed_classes;  // [seed][class - 1][case]
};
RowScores row_scores(const StudyRow& row, const Metric& metric, const std::vector<std::string>& cases, size_t classes);

// Means over what is defined; absent where nothing is.
std::optional<double> mean_of(const Values& values);
// Of several lists of equal length, position by position.
Values mean_by_case(const std::vector<Values>& lists);

// Differences row - reference on the cases defined in both. label 0: of each case, the mean difference over the classes that
// are defined in both, so that like is compared with like where one of them misses a class. Rounded to what cases.csv resolves,
// so that equal scores are ties.
std::vector<double> paired_differences(const RowScores& row, const RowScores& reference, int label, const Metric& metric);

// Tests of every row against the reference, Holm-corrected over them.
TestFamily test_family(const std::vector<RowScores>& rows, std::optional<size_t> reference, int label, const Metric& metric,
                       const CompareOptions& options);

}  // namespace tss
