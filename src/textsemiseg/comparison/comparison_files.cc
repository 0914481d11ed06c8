#include "textsemiseg/comparison/comparison_files.h"

#include <cstdio>

#include "textsemiseg/base/csv.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json numbers(const std::vector<std::optional<double>>& values) {
  Json out = Json::array();
  for (const auto& value : values) out.push_back(number(value));
  return out;
}

std::string digits(const std::optional<double>& value) {
  if (!value) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", *value);
  return text;
}

Json to_json(const PairedTest& test) {
  const SignedRankTest& ranks = test.signed_rank;
  return {{"pairs", ranks.pairs},
          {"difference", to_json(test.bootstrap.difference)},
          {"bootstrap", {{"p", number(test.bootstrap.p)}, {"p_holm", number(test.bootstrap_holm)}}},
          {"wilcoxon",
           {{"statistic", ranks.statistic()},
            {"positive_ranks", ranks.positive_ranks},
            {"negative_ranks", ranks.negative_ranks},
            {"zeros", ranks.zeros},
            {"exact", ranks.exact},
            {"p", number(ranks.p)},
            {"p_holm", number(test.signed_rank_holm)}}},
          {"significantly", test.better  ? "better"
                            : test.worse ? "worse"
                                         : "neither"}};
}

Json family_json(const Comparison& all, const TestFamily& family) {
  Json out{{"reference", family.reference ? Json(all.rows[*family.reference].name) : Json(nullptr)}, {"tests", family.tests()}};
  out["rows"] = Json::object();
  for (size_t r = 0; r < family.rows.size(); ++r)
    out["rows"][all.rows[r].name] = family.rows[r] ? to_json(*family.rows[r]) : Json(nullptr);
  return out;
}

Json cell_json(const Cell& cell) {
  Json out = to_json(cell.estimate);
  out["sd_over_seeds"] = number(cell.seed_deviation);
  out["seed_means"] = numbers(cell.seed_means);
  out["values"] = cell.values;
  out["undefined"] = cell.undefined;
  out["empty_predictions"] = cell.empty;
  out["mean_rank"] = number(cell.rank);
  out["bold"] = cell.bold;
  out["cases"] = numbers(cell.cases);
  return out;
}

std::string units_of_metrics(const Comparison& all) {
  std::vector<std::string> fractions;
  for (const MetricResult& result : all.metrics) {
    if (result.metric.score->is_fraction()) fractions.push_back(result.metric.name);
  }
  return join(fractions, ", ") + ": fractions; distances: see each metric; published: as the scores";
}

std::vector<std::string> csv_row(const Comparison& all, size_t r, const Metric& metric, const Column& column) {
  const Cell& cell = column.cells[r];
  const RowInfo& row = all.rows[r];
  const auto& test = column.against.rows[r];
  const auto of_test = [&](auto ask) { return test ? digits(ask(*test)) : ""; };
  const auto published = column.label == 0 ? published_score(row, metric) : std::nullopt;
  return {row.name,
          row.method,
          metric.name,
          column.name,
          digits(cell.estimate.mean),
          digits(cell.seed_deviation),
          digits(cell.estimate.deviation),
          digits(cell.estimate.low),
          digits(cell.estimate.high),
          concat(row.seeds.size()),
          concat(cell.estimate.count),
          concat(cell.undefined),
          concat(cell.empty),
          digits(cell.rank),
          column.against.reference ? all.rows[*column.against.reference].name : "",
          test ? concat(test->signed_rank.pairs) : "",
          of_test([](const PairedTest& t) { return t.bootstrap.difference.mean; }),
          of_test([](const PairedTest& t) { return t.bootstrap.difference.low; }),
          of_test([](const PairedTest& t) { return t.bootstrap.difference.high; }),
          of_test([](const PairedTest& t) { return t.signed_rank.p; }),
          of_test([](const PairedTest& t) { return t.signed_rank_holm; }),
          of_test([](const PairedTest& t) { return t.bootstrap.p; }),
          of_test([](const PairedTest& t) { return t.bootstrap_holm; }),
          cell.bold ? "1" : "0",
          digits(published)};
}

}  // namespace

const std::vector<CostField>& cost_fields() {
  static const std::vector<CostField> fields = {{"seconds_per_step", "s / step", 1, 3},
                                                {"peak_memory_gib", "peak memory (GiB)", 1, 2},
                                                {"trainable_parameters", "trained parameters (M)", 1e-6, 2},
                                                {"prediction_parameters", "parameters at prediction (M)", 1e-6, 2},
                                                {"seconds_per_window", "s / window", 1, 3}};
  return fields;
}

std::optional<double> published_score(const RowInfo& row, const Metric& metric) {
  const Json value = value_at(row.published, metric.name);
  if (!value.is_number() || metric.unit == "mm") return std::nullopt;  // papers print voxels
  return value.get<double>() / metric.scale;
}

Json comparison_json(const Comparison& all) {
  Json out{{"title", all.title},         {"source", all.source},   {"role", all.role},      {"comparable", all.obstacles.empty()},
           {"obstacles", all.obstacles}, {"against", all.against}, {"learned", all.learned}};
  out["significance"] = {{"level", all.level},
                         {"decided_by", "Wilcoxon signed-rank test over cases, two-sided, Holm-adjusted"},
                         {"family", "all rows against the reference row, for one metric and one class"}};
  out["interval"] = {{"method", "percentile bootstrap over cases"},
                     {"level", all.bootstrap.level},
                     {"resamples", all.bootstrap.resamples},
                     {"seed", all.bootstrap.seed}};
  out["units"] = units_of_metrics(all);
  for (const Setting& setting : all.settings)
    out["settings"][setting.name] = setting.detail.empty() ? setting.value : setting.detail;
  out["cases"] = all.cases;
  out["rows"] = Json::array();
  for (const RowInfo& row : all.rows) {
    Json entry{{"name", row.name}, {"title", row.title}, {"method", row.method}, {"seeds", row.seeds}, {"runs", row.runs}};
    entry["published"] = nullptr;
    for (const MetricResult& result : all.metrics) {
      if (const auto value = published_score(row, result.metric)) entry["published"][result.metric.name] = *value;
    }
    entry["costs"] = row.costs;
    out["rows"].push_back(std::move(entry));
  }
  for (const MetricResult& result : all.metrics) {
    Json columns = Json::array();
    for (const Column& column : result.columns) {
      Json entry{{"class", column.label > 0 ? Json(column.label) : Json("mean")}, {"name", column.name}};
      for (size_t r = 0; r < all.rows.size(); ++r) entry["rows"][all.rows[r].name] = cell_json(column.cells[r]);
      entry["ranked_cases"] = column.ranked_cases;
      entry["against"] = family_json(all, column.against);
      entry["against_best"] = family_json(all, column.against_best);
      columns.push_back(std::move(entry));
    }
    out["metrics"][result.metric.name] = {{"unit", result.metric.score->unit},
                                          {"better", result.metric.larger_is_better() ? "larger" : "smaller"},
                                          {"columns", std::move(columns)}};
  }
  for (const RowDifferences& row : all.differences) {
    for (const auto& [key, value] : row.values) out["differences"][row.row][key] = value;
  }
  out["notes"] = all.notes;
  return out;
}

std::string comparison_csv(const Comparison& all) {
  const std::vector<std::string> header = {"row",
                                           "method",
                                           "metric",
                                           "class",
                                           "mean",
                                           "sd_over_seeds",
                                           "sd_over_cases",
                                           "low",
                                           "high",
                                           "seeds",
                                           "cases",
                                           "undefined",
                                           "empty_predictions",
                                           "mean_rank",
                                           "against",
                                           "pairs",
                                           "difference",
                                           "difference_low",
                                           "difference_high",
                                           "wilcoxon_p",
                                           "wilcoxon_p_holm",
                                           "bootstrap_p",
                                           "bootstrap_p_holm",
                                           "bold",
                                           "published"};
  std::string out = csv_line(header);
  for (size_t r = 0; r < all.rows.size(); ++r) {
    for (const MetricResult& result : all.metrics) {
      for (const Column& column : result.columns) out += csv_line(csv_row(all, r, result.metric, column));
    }
  }
  for (const RowInfo& row : all.rows) {
    for (const CostField& field : cost_fields()) {
      const Json value = value_at(row.costs, field.name);
      if (!value.is_number()) continue;
      std::vector<std::string> cells(header.size());
      cells[0] = row.name;
      cells[1] = row.method;
      cells[2] = field.name;
      cells[4] = digits(value.get<double>());
      out += csv_line(cells);
    }
  }
  return out;
}

}  // namespace tss
