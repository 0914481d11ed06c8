#include "textsemiseg/comparison/document.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/comparison_files.h"

namespace tss {
namespace {

constexpr const char* kNothing = "–";

// With a minus sign in place of the hyphen, and no sign for what rounds to 0.
std::string typeset(double value, int digits, const char* plus = "") {
  const std::string text = fixed(std::abs(value), digits);
  const bool zero = text.find_first_not_of("0.") == std::string::npos;
  return zero ? text : (value < 0 ? "−" : plus) + text;
}

std::string shown(const std::optional<double>& value, double scale, int digits) {
  return value ? typeset(scale * *value, digits) : kNothing;
}

std::string interval(const Estimate& estimate, double scale, int digits) {
  if (!estimate.low || !estimate.high) return "";
  return concat("[", typeset(scale * *estimate.low, digits), ", ", typeset(scale * *estimate.high, digits), "]");
}

std::string p_value(const std::optional<double>& p) {
  if (!p) return kNothing;
  return *p < 0.0001 ? "<0.0001" : fixed(*p, 4);
}

std::string heading(const Metric& metric) {
  return concat(metric.title(), " (", metric.unit, ") ", metric.larger_is_better() ? "↑" : "↓");
}

// How many cases count where some are undefined.
DocumentCell score_cell(const Cell& cell, const Metric& metric, size_t cases) {
  if (!cell.estimate.mean) return {kNothing, "", false};
  std::string text = shown(cell.estimate.mean, metric.scale, metric.digits());
  if (cell.seed_deviation) text += " ± " + shown(cell.seed_deviation, metric.scale, metric.digits());
  std::string detail = interval(cell.estimate, metric.scale, metric.digits());
  if (cell.estimate.count < static_cast<int64_t>(cases)) detail += concat(detail.empty() ? "" : " ", "n=", cell.estimate.count);
  return {text, detail, cell.bold};
}

std::string mean_name(const Comparison& all) {
  return all.class_names.size() > 2 ? "mean of the foreground classes" : all.class_names.back();
}

void add_ranks(DocumentTable& table, const MetricResult& result, const std::string& title) {
  table.columns.push_back(title);
  for (size_t r = 0; r < table.rows.size(); ++r) table.rows[r].push_back({shown(result.mean().cells[r].rank, 1, 2), "", false});
}

DocumentTable overview(const Comparison& all, const MetricResult& ranked) {
  DocumentTable table{"Scores, " + mean_name(all) + ": mean over cases with interval", {"Method"}, {}};
  for (const RowInfo& row : all.rows) table.rows.push_back({{row.title, "", false}});
  for (const MetricResult& result : all.metrics) {
    table.columns.push_back(heading(result.metric));
    for (size_t r = 0; r < all.rows.size(); ++r)
      table.rows[r].push_back(score_cell(result.mean().cells[r], result.metric, all.cases.size()));
    const bool published = std::any_of(all.rows.begin(), all.rows.end(),
                                       [&](const RowInfo& row) { return published_score(row, result.metric).has_value(); });
    if (!published) continue;
    table.columns.push_back("published");
    for (size_t r = 0; r < all.rows.size(); ++r)
      table.rows[r].push_back(
          {shown(published_score(all.rows[r], result.metric), result.metric.scale, result.metric.digits()), "", false});
  }
  add_ranks(table, ranked, concat("mean rank (", ranked.metric.title(), ")"));
  return table;
}

DocumentTable by_class(const Comparison& all, const MetricResult& result) {
  DocumentTable table{concat(heading(result.metric), ": mean over cases with interval, by class"), {"Method"}, {}};
  const bool one = result.columns.size() == 2;  // the only class is its own mean
  for (size_t k = one ? 1 : 0; k < result.columns.size(); ++k)
    table.columns.push_back(one ? all.class_names.back() : result.columns[k].name);
  for (size_t r = 0; r < all.rows.size(); ++r) {
    table.rows.push_back({{all.rows[r].title, "", false}});
    for (size_t k = one ? 1 : 0; k < result.columns.size(); ++k)
      table.rows.back().push_back(score_cell(result.columns[k].cells[r], result.metric, all.cases.size()));
  }
  add_ranks(table, result, "mean rank");
  return table;
}

DocumentTable tests_table(const Comparison& all, const MetricResult& result, const TestFamily& family,
                          const std::string& reference) {
  const Metric& metric = result.metric;
  DocumentTable table{concat(metric.title(), " (", metric.unit, "), ", mean_name(all), ": difference from ", reference),
                      {"Method", "difference", "95 % interval", "pairs", "Wilcoxon p", "after Holm", "bootstrap p", "after Holm"},
                      {}};
  for (size_t r = 0; r < all.rows.size(); ++r) {
    if (r == family.reference) continue;
    const auto& test = family.rows[r];
    std::vector<DocumentCell> row{{all.rows[r].title, "", false}};
    if (test) {
      const Estimate& difference = test->bootstrap.difference;
      const std::string range = interval(difference, metric.scale, metric.digits());
      row.push_back(
          {typeset(metric.scale * *difference.mean, metric.digits(), "+"), "", result.mean().cells[r].bold && test->better});
      for (const std::string& text :
           {range.empty() ? std::string(kNothing) : range, concat(test->signed_rank.pairs), p_value(test->signed_rank.p),
            p_value(test->signed_rank_holm), p_value(test->bootstrap.p), p_value(test->bootstrap_holm)})
        row.push_back({text, "", false});
    } else {
      for (size_t i = 1; i < table.columns.size(); ++i) row.push_back({i == 3 ? "0" : kNothing, "", false});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

DocumentTable costs_table(const Comparison& all) {
  DocumentTable table{"Costs", {"Method"}, {}};
  for (const CostField& field : cost_fields()) table.columns.emplace_back(field.title);
  table.columns.emplace_back("measured on");
  for (const RowInfo& row : all.rows) {
    table.rows.push_back({{row.title, "", false}});
    for (const CostField& field : cost_fields()) {
      const Json value = value_at(row.costs, field.name);
      table.rows.back().push_back(
          {value.is_number() ? fixed(field.scale * value.get<double>(), field.digits) : kNothing, "", false});
    }
    std::string where = kNothing;
    if (!row.costs.is_null()) {
      std::vector<std::string> parts;
      for (const char* key : {"device", "threads", "precision"}) {
        const Json value = value_at(row.costs, key);
        if (value.is_number())
          parts.push_back(fixed(value.get<double>(), 0) + (value.get<double>() == 1 ? " thread" : " threads"));
        else if (!value.is_null())
          parts.push_back(plain(value));
      }
      where = join(parts, ", ");
    }
    table.rows.back().push_back({where, "", false});
  }
  return table;
}

// What the numbers above rest on, for those who read the table alone.
std::vector<std::pair<std::string, std::string>> facts_of(const Comparison& all) {
  std::vector<std::pair<std::string, std::string>> out{{"scored", concat("role ", all.role, ", ", all.cases.size(), " cases")}};
  for (const Setting& setting : all.settings) {
    if (setting.name == "cases scored" && setting.detail.empty()) continue;  // said already
    out.emplace_back(setting.name, setting.detail.empty() ? setting.value : "DIFFER: " + setting.detail);
  }
  out.emplace_back("scores", "mean over cases of each case's mean over seeds; ± standard deviation over seeds; [ ] " +
                                 concat(fixed(100 * all.bootstrap.level, 0), " % percentile bootstrap interval over cases, ",
                                        all.bootstrap.resamples, " resamples, seed ", all.bootstrap.seed));
  const auto chosen = std::find_if(all.rows.begin(), all.rows.end(), [&](const RowInfo& row) { return row.name == all.against; });
  const std::string reference = chosen == all.rows.end() ? "the best row of each column" : chosen->title;
  out.emplace_back("tests",
                   all.learned
                       ? "two-sided over cases defined in both rows: Wilcoxon signed-rank, paired bootstrap; each row against " +
                             reference + "; Holm over all rows, for each metric and class on its own"
                       : concat("left out: no row has learned (no mean Dice reaches ", fixed(100 * kLearned, 0), " %)"));
  if (!all.obstacles.empty())
    out.emplace_back("bold", "nothing: the rows are not comparable");
  else if (!all.learned)
    out.emplace_back("bold", "nothing: there are no tests");
  else
    out.emplace_back("bold", concat(all.against == "best" ? "the best row where every other is significantly worse"
                                                          : "significantly better than " + reference,
                                    " (Wilcoxon after Holm below ", all.level,
                                    ", mean and ranks agreeing; distances: without more empty predictions)"));
  const bool published =
      std::any_of(all.rows.begin(), all.rows.end(), [](const RowInfo& row) { return row.published.is_object(); });
  if (published)
    out.emplace_back("published", (all.source.empty() ? "the plan's figures" : all.source) +
                                      ": same classes, preparation and cases, their own training and choice of checkpoint; their "
                                      "distances are in voxels and stand beside voxels only");
  return out;
}

// "mc_net: Anterior: 3 of 20 predictions are empty; HD95 of 3 of 20 is undefined"
std::vector<std::string> undefined_notes(const Comparison& all) {
  std::vector<std::string> out;
  for (size_t r = 0; r < all.rows.size(); ++r) {
    for (size_t k = 0; k + 1 < all.metrics.front().columns.size(); ++k) {
      std::vector<std::string> parts;
      const Cell& first = all.metrics.front().columns[k].cells[r];
      if (first.empty > 0)
        parts.push_back(concat(first.empty, " of ", first.values, " predictions are empty where there is an organ"));
      for (const MetricResult& result : all.metrics) {
        const Cell& cell = result.columns[k].cells[r];
        if (cell.undefined > 0)
          parts.push_back(concat(result.metric.title(), " undefined in ", cell.undefined, " of ", cell.values));
      }
      if (!parts.empty()) out.push_back(concat(all.rows[r].title, ", ", all.class_names[k + 1], ": ", join(parts, "; "), "."));
    }
  }
  return out;
}

}  // namespace

Document document_of(const Comparison& all, const std::vector<std::string>& metrics) {
  Document out;
  out.title = all.title.empty() ? "Comparison of runs" : all.title;
  out.warnings = all.obstacles;
  out.facts = facts_of(all);
  out.tables.push_back(overview(all, all.metric(metrics.front())));
  for (const std::string& name : metrics) {
    const MetricResult& result = all.metric(name);
    if (result.columns.size() > 2 || name != metrics.front()) out.tables.push_back(by_class(all, result));
    const TestFamily &chosen = result.mean().against, &best = result.mean().against_best;
    const auto title = [&](const TestFamily& family) { return family.reference ? all.rows[*family.reference].title : "nothing"; };
    if (chosen.reference && all.rows.size() > 1) {
      const bool is_best = chosen.reference == best.reference;
      out.tables.push_back(tests_table(all, result, chosen, title(chosen) + (is_best ? " (the best row)" : "")));
      // Of two rows the second table would be the first one with its signs turned.
      if (!is_best && best.reference && all.rows.size() > 2)
        out.tables.push_back(tests_table(all, result, best, title(best) + " (the best row)"));
    }
  }
  if (std::any_of(all.rows.begin(), all.rows.end(), [](const RowInfo& row) { return !row.costs.is_null(); }))
    out.tables.push_back(costs_table(all));
  out.notes = undefined_notes(all);
  out.notes.insert(out.notes.end(), all.notes.begin(), all.notes.end());
  for (const RowDifferences& row : all.differences) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : row.values) parts.push_back(key + " = " + value);
    out.differences.emplace_back(row.row, join(parts, "; "));
  }
  return out;
}

}  // namespace tss
