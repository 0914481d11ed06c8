#include "textsemiseg/comparison/paired_scores.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace tss {
namespace {

// cases.csv has nine digits: differences of fractions mean something down to 1e-9, of others (distances up to some 100) to 1e-6.
double rounded(double difference, const Metric& metric) {
  const double step = metric.score->is_fraction() ? 1e9 : 1e6;
  return std::round(difference * step) / step;
}

void adjust(TestFamily& family, std::optional<double> PairedTest::* adjusted, std::optional<double> (*p_of)(const PairedTest&)) {
  std::vector<double> p;
  std::vector<PairedTest*> tests;
  for (auto& test : family.rows) {
    if (!test || !p_of(*test)) continue;
    p.push_back(*p_of(*test));
    tests.push_back(&*test);
  }
  const std::vector<double> holm = holm_adjusted(p);
  for (size_t i = 0; i < tests.size(); ++i) tests[i]->*adjusted = holm[i];
}

void decide(PairedTest& test, const Metric& metric, double level) {
  if (!test.signed_rank_holm || *test.signed_rank_holm >= level) return;
  const double sign = metric.larger_is_better() ? 1 : -1;
  const double mean = sign * *test.bootstrap.difference.mean;
  const double ranks = sign * (test.signed_rank.positive_ranks - test.signed_rank.negative_ranks);
  test.better = mean > 0 && ranks > 0;
  test.worse = mean < 0 && ranks < 0;
}

}  // namespace

RowScores row_scores(const StudyRow& row, const Metric& metric, const std::vector<std::string>& cases, size_t classes) {
  std::map<std::string, size_t> place;
  for (size_t i = 0; i < cases.size(); ++i) place[cases[i]] = i;
  RowScores out;
  for (const RunResults* run : row.scored()) {
    std::vector<Values> values(classes, Values(cases.size()));
    for (const CaseScores& item : run->scores->cases) {
      for (const ClassScore& score : item.classes)
        values[static_cast<size_t>(score.label) - 1][place.at(item.id)] = score[metric.score->name];
    }
    out.seed_classes.push_back(std::move(values));
  }
  for (size_t k = 0; k < classes; ++k) {
    std::vector<Values> seeds;
    for (const auto& seed : out.seed_classes) seeds.push_back(seed[k]);
    out.classes.push_back(seeds.empty() ? Values(cases.size()) : mean_by_case(seeds));
  }
  return out;
}

std::optional<double> mean_of(const Values& values) {
  double sum = 0, count = 0;
  for (const auto& value : values) {
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

Values mean_by_case(const std::vector<Values>& lists) {
  Values out;
  for (size_t i = 0; !lists.empty() && i < lists.front().size(); ++i) {
    Values at;
    for (const Values& list : lists) at.push_back(list[i]);
    out.push_back(mean_of(at));
  }
  return out;
}

std::vector<double> paired_differences(const RowScores& row, const RowScores& reference, int label, const Metric& metric) {
  std::vector<double> out;
  const size_t cases = row.classes.empty() ? 0 : row.classes.front().size();
  for (size_t c = 0; c < cases; ++c) {
    Values by_class;
    for (size_t k = 0; k < row.classes.size(); ++k) {
      if (label > 0 && k != static_cast<size_t>(label) - 1) continue;
      const auto &a = row.classes[k][c], &b = reference.classes[k][c];
      by_class.push_back(a && b ? std::optional(*a - *b) : std::nullopt);
    }
    if (const auto difference = mean_of(by_class)) out.push_back(rounded(*difference, metric));
  }
  return out;
}

TestFamily test_family(const std::vector<RowScores>& rows, std::optional<size_t> reference, int label, const Metric& metric,
                       const CompareOptions& options) {
  TestFamily family{reference, std::vector<std::optional<PairedTest>>(rows.size())};
  if (!reference) return family;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (r == *reference) continue;
    const std::vector<double> differences = paired_differences(rows[r], rows[*reference], label, metric);
    if (differences.empty()) continue;
    family.rows[r].emplace();
    family.rows[r]->bootstrap = paired_bootstrap(differences, options.bootstrap);
    family.rows[r]->signed_rank = wilcoxon_signed_rank(differences);
  }
  adjust(family, &PairedTest::signed_rank_holm, [](const PairedTest& test) { return test.signed_rank.p; });
  adjust(family, &PairedTest::bootstrap_holm, [](const PairedTest& test) { return test.bootstrap.p; });
  for (auto& test : family.rows) {
    if (test) decide(*test, metric, options.level);
  }
  return family;
}

}  // namespace tss
