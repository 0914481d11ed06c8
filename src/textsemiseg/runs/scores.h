// Scores of a set of cases as files and as a table: cases.csv, summary.json, the JSON of `evaluate`, the terminal.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/base/config.h"
#include "textsemiseg/metrics/scores.h"
#include "textsemiseg/statistics/estimate.h"

namespace tss {

struct CaseScores {
  std::string id;
  std::vector<ClassScore> classes;
};

struct ScoreSet {
  std::vector<std::string> class_names;  // by label, background first; empty: not known
  std::vector<CaseScores> cases;
  EmptyRule empty = EmptyRule::kUndefined;

  // The name of a label, "" where it is not known.
  std::string name_of(int label) const;
  // Labels of any case, ascending.
  std::vector<int> labels() const;
  // Gives every case every label: those it lacks score as the empty rule says.
  void fill_absent_classes();
};

// Of one score over cases, by its field's name; undefined values are left out.
Estimate estimate_class(const ScoreSet& set, int label, const std::string& field, const BootstrapOptions& options = {});
// Of the mean over the classes that are defined in a case, over cases.
Estimate estimate_mean_class(const ScoreSet& set, const std::string& field, const BootstrapOptions& options = {});

Json to_json(const ClassScore& score);   // {"class": 1, "dice": 0.9, ..., "hd95": null}; undefined is null
Json to_json(const Estimate& estimate);  // {"mean", "sd", "low", "high", "n"}

// {"classes": [{"class": 1, "dice": mean over cases, ...}], "mean": {...}, "empty_rule": ..., "cases": [...]}; the values of
// the only case where there is one.
Json scores_json(const ScoreSet& set);

// {..., "interval": how, "classes": [{"class", "name", "dice": {"mean", "sd", "low", "high", "n"}, ...}], "mean": {...}};
// `facts` (protocol, checkpoint, ...) come first.
Json summary_json(const ScoreSet& set, const Json& facts, const BootstrapOptions& options = {});

// One row per case and class; undefined is an empty cell. Atomic.
void write_cases_csv(const std::filesystem::path& path, const ScoreSet& set);

// What write_cases_csv wrote, with nine digits; class 0 has no name, and the empty rule is not in the file. Scores without a column are
// undefined, columns of unknown scores are left out. Throws InputError naming file and line.
ScoreSet read_cases_csv(const std::filesystem::path& path);

// "0.812 ± 0.034 [0.785, 0.836]"
std::string format_estimate(const Estimate& value, int digits);

// For a terminal: a row per class and their mean; of several cases with deviation and interval.
std::string score_table(const ScoreSet& set, const BootstrapOptions& options = {});

}  // namespace tss
