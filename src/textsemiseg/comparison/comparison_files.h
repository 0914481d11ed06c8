// A comparison for machines.
#pragma once

#include <string>

#include "textsemiseg/comparison/comparison.h"

namespace tss {

// Every number, p values and case scores included; scores as fractions and mm (or voxels), as in cases.csv; what does not exist
// is null.
Json comparison_json(const Comparison& comparison);

// One line per row, metric and class ("mean": over the foreground classes); costs follow as metrics of their own without class.
std::string comparison_csv(const Comparison& comparison);

// The published figure of a row and metric, in the unit of the scores; absent where the plan has none or the units differ.
std::optional<double> published_score(const RowInfo& row, const Metric& metric);

// The numbers of costs.json that tables show, in order.
struct CostField {
  const char* name;
  const char* title;
  double scale;
  int digits;
};
const std::vector<CostField>& cost_fields();

}  // namespace tss
