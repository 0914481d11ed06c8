#include "textsemiseg/comparison/comparison.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/comparison/paired_scores.h"
#include "textsemiseg/runs/data_setting.h"
#include "textsemiseg/statistics/ranks.h"

namespace tss {
namespace {

// Of every scored run, in order of first appearance.
std::vector<std::string> all_cases(const Study& study) {
  std::vector<std::string> out;
  std::set<std::string> seen;
  for (const StudyRow& row : study.rows) {
    for (const RunResults* run : row.scored()) {
      for (const CaseScores& item : run->scores->cases) {
        if (seen.insert(item.id).second) out.push_back(item.id);
      }
    }
  }
  return out;
}

std::vector<std::string> common_classes(const Study& study) {
  const RunResults* first = nullptr;
  for (const StudyRow& row : study.rows) {
    for (const RunResults* run : row.scored()) {
      if (!first) first = run;
      if (run->scores->class_names != first->scores->class_names)
        throw InputError(run->folder.string(), "has the classes " + join(run->scores->class_names, ", "),
                         join(first->scores->class_names, ", ") + ", as " + first->folder.string());
    }
  }
  if (!first) throw InputError("compare", "no run has results for the role " + study.role, "at least one");
  return first->scores->class_names;
}

size_t chosen_row(const Study& study, const std::string& against) {
  if (against.empty() || against == "best") {
    for (const bool supervised : {true, false}) {
      for (size_t r = 0; r < study.rows.size(); ++r) {
        if (!study.rows[r].scored().empty() && (!supervised || study.rows[r].method == "supervised")) return r;
      }
    }
  }
  std::vector<std::string> names;
  for (size_t r = 0; r < study.rows.size(); ++r) {
    const StudyRow& row = study.rows[r];
    names.push_back(row.name);
    if (row.name != against && row.title != against) continue;
    if (row.scored().empty()) throw InputError("--against " + against, "has no results", "a row with results");
    return r;
  }
  throw InputError("--against " + against, "is no row" + did_you_mean(against, names), "best, or one of " + join(names, ", "));
}

Values values_of(const std::vector<Values>& classes, int label) {
  return label > 0 ? classes[static_cast<size_t>(label) - 1] : mean_by_case(classes);
}

std::vector<double> defined(const Values& values) {
  std::vector<double> out;
  for (const auto& value : values) {
    if (value) out.push_back(*value);
  }
  return out;
}

int64_t empty_predictions(const CaseScores& item, int label) {
  return std::count_if(item.classes.begin(), item.classes.end(), [&](const ClassScore& score) {
    return (label == 0 || score.label == label) && score.prediction_voxels == 0 && score.reference_voxels > 0;
  });
}

Cell cell_of(const StudyRow& row, const RowScores& scores, int label, const BootstrapOptions& bootstrap) {
  Cell cell;
  cell.cases = values_of(scores.classes, label);
  cell.estimate = estimate_mean(defined(cell.cases), bootstrap);
  const std::vector<const RunResults*> runs = row.scored();
  for (size_t seed = 0; seed < runs.size(); ++seed) {
    const Values values = values_of(scores.seed_classes[seed], label);
    const std::vector<CaseScores>& scored = runs[seed]->scores->cases;
    cell.seed_means.push_back(mean_of(values));
    cell.values += static_cast<int64_t>(scored.size());
    cell.undefined += static_cast<int64_t>(scored.size() - defined(values).size());
    for (const CaseScores& item : scored) cell.empty += empty_predictions(item, label);
  }
  cell.seed_deviation = estimate_mean(defined(cell.seed_means), {.resamples = 1, .level = 0.95, .seed = 0}).deviation;
  return cell;
}

std::optional<size_t> best_row(const Column& column, const Metric& metric) {
  std::optional<size_t> best;
  for (size_t r = 0; r < column.cells.size(); ++r) {
    const auto& mean = column.cells[r].estimate.mean;
    if (!mean) continue;
    const auto& champion = best ? column.cells[*best].estimate.mean : mean;
    if (!best || (metric.larger_is_better() ? *mean > *champion : *mean < *champion)) best = r;
  }
  return best;
}

void rank(Column& column, const Metric& metric) {
  std::vector<Values> rows;
  std::vector<Cell*> cells;
  for (Cell& cell : column.cells) {
    if (!cell.estimate.mean) continue;
    rows.push_back(cell.cases);
    cells.push_back(&cell);
  }
  const MeanRanks ranks = mean_ranks(rows, metric.larger_is_better());
  column.ranked_cases = ranks.cases;
  for (size_t i = 0; i < ranks.ranks.size(); ++i) cells[i]->rank = ranks.ranks[i];
}

// Better than the chosen row; with `best` as the choice, the best row where every other one is worse. Distances (scores that an empty
// mask leaves undefined) exist only where something was found: a row that misses more organs than the other does not win by them.
void embolden(Column& column, const Metric& metric, bool best) {
  const TestFamily& family = column.against;
  if (!family.reference) return;
  bool all_worse = family.tests() > 0;
  const auto misses_more = [&](const Cell& a, const Cell& b) { return !metric.score->empty.one_empty && a.empty > b.empty; };
  const Cell& reference = column.cells[*family.reference];
  for (size_t r = 0; r < column.cells.size(); ++r) {
    const auto& test = family.rows[r];
    if (test && test->better && !misses_more(column.cells[r], reference)) column.cells[r].bold = true;
    if (misses_more(reference, column.cells[r])) all_worse = false;
    if (r != *family.reference && column.cells[r].estimate.mean && !(test && test->worse)) all_worse = false;
  }
  if (best && all_worse) column.cells[*family.reference].bold = true;
}

bool any_row_learned(const Column& dice) {
  return std::any_of(dice.cells.begin(), dice.cells.end(),
                     [](const Cell& cell) { return cell.estimate.mean && *cell.estimate.mean >= kLearned; });
}

void leave_out_tests(Column& column) {
  for (TestFamily* family : {&column.against, &column.against_best}) {
    family->reference.reset();
    for (auto& test : family->rows) test.reset();
  }
}

Column make_column(const Study& study, const std::vector<RowScores>& scores, int label, const std::string& name,
                   const Metric& metric, size_t chosen, const CompareOptions& options) {
  Column column;
  column.label = label;
  column.name = name;
  for (size_t r = 0; r < study.rows.size(); ++r)
    column.cells.push_back(cell_of(study.rows[r], scores[r], label, options.bootstrap));
  rank(column, metric);
  const std::optional<size_t> best = best_row(column, metric);
  column.against_best = test_family(scores, best, label, metric, options);
  column.against =
      options.against == "best" || best == chosen ? column.against_best : test_family(scores, chosen, label, metric, options);
  return column;
}

// Means over the runs that have them; text of the first, and a list where they differ.
Json costs_of(const StudyRow& row) {
  std::map<std::string, std::vector<double>> numbers;
  Json out;
  for (const RunResults& run : row.runs) {
    for (const auto& [key, value] : run.costs.items()) {
      if (value.is_number()) {
        numbers[key].push_back(value.get<double>());
        out[key] = std::accumulate(numbers[key].begin(), numbers[key].end(), 0.0) / static_cast<double>(numbers[key].size());
      } else if (!out.contains(key) || out[key].is_null()) {
        out[key] = value;
      } else if (value.is_string() && out[key].is_string() && out[key] != value) {
        out[key] = out[key].get<std::string>() + " / " + value.get<std::string>();
      }
    }
  }
  return out;
}

// The published figure belongs beside ours only where every run of the row has the data that study found to be those of the plan:
// classes, preparation and the cases of every role.
bool same_setting(const Study& study, const StudyRow& row) {
  if (study.published_setting.is_null() || study.role != "test") return false;
  const std::vector<const RunResults*> runs = row.scored();
  return !runs.empty() && std::all_of(runs.begin(), runs.end(), [&](const RunResults* run) {
    return data_setting_of_run(run->record) == study.published_setting;
  });
}

void add_notes(Comparison& out, const Study& study) {
  out.notes = study.notes;
  for (const StudyRow& row : study.rows) {
    const std::string note = row.title + ": " + row.note;  // study writes them among the notes of the whole as well
    if (!row.note.empty() && std::find(out.notes.begin(), out.notes.end(), note) == out.notes.end()) out.notes.push_back(note);
  }
  const auto cases = static_cast<int64_t>(out.cases.size());
  if (cases < 10)
    out.notes.push_back(concat("With ", cases, cases == 1 ? " case" : " cases",
                               " bootstrap intervals are too short to be relied on; 20 or more are wanted."));
  if (!out.learned)
    out.notes.push_back(concat("No row has learned to segment: no mean Dice reaches ", fixed(100 * kLearned, 0),
                               " %. Tests are left out: differences between such rows say nothing about the methods."));
  const TestFamily& family = out.metrics.front().mean().against;
  if (family.tests() > 0 && smallest_signed_rank_p(cases) * static_cast<double>(family.tests()) >= out.level)
    out.notes.push_back(concat("With ", cases, " cases and ", family.tests(), family.tests() == 1 ? " test" : " tests",
                               " no difference can reach significance after Holm's correction."));
  const bool one_seed = std::all_of(out.rows.begin(), out.rows.end(), [](const RowInfo& row) { return row.seeds.size() < 2; });
  if (one_seed)
    out.notes.push_back(
        "One seed per row: there is no standard deviation over seeds, and no test here sees the noise of training.");
  const bool planned =
      std::any_of(study.rows.begin(), study.rows.end(), [](const StudyRow& row) { return row.published.is_object(); });
  const bool shown = std::any_of(out.rows.begin(), out.rows.end(), [](const RowInfo& row) { return row.published.is_object(); });
  if (planned && !shown)
    out.notes.push_back(
        study.published_setting.is_null()
            ? "Published figures are left out: the study was begun by an earlier version, which did not check that the data are "
              "those "
              "of the plan. The same study command again does, and adds them where they belong."
            : "Published figures are left out: the runs have other classes, another preparation or other cases than the plan's.");
  std::set<std::string> machines;
  for (const RowInfo& row : out.rows) {
    if (row.costs.is_null()) continue;
    machines.insert(plain(value_at(row.costs, "device")) + ", " + plain(value_at(row.costs, "threads")) + " threads, " +
                    plain(value_at(row.costs, "precision")));
  }
  if (!machines.empty())
    out.notes.push_back(
        "Seconds per step are the median over a run, seconds per window the least of three: other work on the machine, a second "
        "run "
        "among it, makes them longer.");
  if (machines.size() > 1)
    out.notes.push_back("Costs were measured under different conditions and cannot be compared: " + join(machines, "; ") + ".");
}

}  // namespace

std::vector<Metric> compared_metrics(bool voxels) {
  std::vector<Metric> out;
  for (const ScoreField& field : score_fields()) {
    if (!field.compared) continue;
    const ScoreField& score = voxels && !field.on_prepared_grid.empty() ? score_field(field.on_prepared_grid) : field;
    out.push_back({field.name, score.is_fraction() ? "%" : score.unit, score.is_fraction() ? 100.0 : 1.0, &score});
  }
  return out;
}

std::vector<std::string> compared_metric_names() {
  std::vector<std::string> out;
  for (const Metric& metric : compared_metrics(false)) out.push_back(metric.name);
  return out;
}

int64_t TestFamily::tests() const {
  return std::count_if(rows.begin(), rows.end(), [](const auto& test) { return test.has_value(); });
}

const MetricResult& Comparison::metric(const std::string& name) const {
  std::vector<std::string> names;
  for (const MetricResult& result : metrics) {
    if (name == result.metric.name) return result;
    names.push_back(result.metric.name);
  }
  throw InputError("--metric", "found '" + name + "'" + did_you_mean(name, names), "all, or one of " + join(names, ", "));
}

Comparison compare(const Study& study, const CompareOptions& options) {
  Comparison out;
  out.title = study.title;
  out.source = study.source;
  out.role = study.role;
  out.level = options.level;
  out.bootstrap = options.bootstrap;
  out.class_names = common_classes(study);
  out.cases = all_cases(study);
  const size_t chosen = chosen_row(study, options.against);
  out.against = options.against == "best" ? "best" : study.rows[chosen].name;
  for (const StudyRow& row : study.rows) {
    RowInfo info{row.name, row.title, row.method, {}, {}, same_setting(study, row) ? row.published : Json(), costs_of(row)};
    for (const RunResults* run : row.scored()) {
      info.seeds.push_back(run->seed);
      info.runs.push_back(run->name);
    }
    out.rows.push_back(std::move(info));
  }
  out.settings = fairness_settings(study);
  out.obstacles = obstacles(study, out.settings);
  out.differences = differences(study);

  bool voxels = true;
  for (const StudyRow& row : study.rows) {
    for (const RunResults* run : row.scored()) voxels = voxels && run->record.protocol == "published";
  }
  const size_t classes = out.class_names.size() - 1;
  for (const Metric& metric : compared_metrics(voxels)) {
    std::vector<RowScores> scores;
    for (const StudyRow& row : study.rows) scores.push_back(row_scores(row, metric, out.cases, classes));
    MetricResult result{metric, {}};
    for (size_t k = 1; k <= classes; ++k)
      result.columns.push_back(make_column(study, scores, static_cast<int>(k), out.class_names[k], metric, chosen, options));
    result.columns.push_back(make_column(study, scores, 0, "mean", metric, chosen, options));
    if (metric.name == "dice") out.learned = any_row_learned(result.mean());
    if (!out.learned) {
      for (Column& column : result.columns) leave_out_tests(column);
    } else if (out.obstacles.empty()) {
      for (Column& column : result.columns) embolden(column, metric, options.against == "best");
    }
    out.metrics.push_back(std::move(result));
  }
  add_notes(out, study);
  return out;
}

}  // namespace tss
