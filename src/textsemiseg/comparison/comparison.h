// Rows of a study compared: means, intervals, paired tests, ranks. The one model behind every table and file.
//
// A case's score in a row is the mean over the row's seeds (those in which it is defined); everything over cases is made of
// these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/comparison/settings.h"
#include "textsemiseg/runs/study_rows.h"
#include "textsemiseg/statistics/paired_tests.h"

namespace tss {

struct Metric {
  std::string name;         // of the files: "hd95", in mm or in voxels
  std::string unit;         // of tables: "%", "mm", "voxels"
  double scale;             // tables show scale * value
  const ScoreField* score;  // title, digits, direction, and the name of the values

  const std::string& title() const { return score->title; }
  int digits() const { return score->digits; }
  bool larger_is_better() const { return score->larger_is_better; }
};
// Dice, Jaccard, HD95, ASD, and what a program has added. Distances of prepared grids (protocol published) are in voxels, as papers
// print them.
std::vector<Metric> compared_metrics(bool voxels);
std::vector<std::string> compared_metric_names();

// A row against a reference row, on the cases in which both are defined. Differences are row - reference.
struct PairedTest {
  PairedBootstrap bootstrap;
  SignedRankTest signed_rank;
  std::optional<double> bootstrap_holm, signed_rank_holm;  // adjusted over the family
  bool better = false, worse = false;  // adjusted signed-rank p below the level, mean and ranks on the same side
};

// The tests of all rows against one of them, for one metric and column: what Holm's correction is over.
struct TestFamily {
  std::optional<size_t> reference;              // absent: no row has a score here
  std::vector<std::optional<PairedTest>> rows;  // absent: the reference itself, and rows without a common case
  int64_t tests() const;
};

struct Cell {
  std::vector<std::optional<double>> cases;       // by Comparison::cases
  std::vector<std::optional<double>> seed_means;  // mean over cases, by seed of the row
  Estimate estimate;                              // over cases: mean, standard deviation over cases, interval, cases defined
  std::optional<double> seed_deviation;           // of seed_means (n - 1); absent with fewer than two
  int64_t values = 0, undefined = 0,
          empty = 0;           // of seeds x cases: scores asked for, undefined ones, empty predictions of an organ
  std::optional<double> rank;  // mean over the cases defined in every row
  bool bold = false;
};

struct Column {
  int label = 0;  // 0: mean over the foreground classes
  std::string name;
  std::vector<Cell> cells;  // by row
  int64_t ranked_cases = 0;
  TestFamily against;       // the chosen row
  TestFamily against_best;  // the row with the best mean here
};

struct MetricResult {
  Metric metric;
  std::vector<Column> columns;  // classes ascending, then the mean
  const Column& mean() const { return columns.back(); }
};

struct RowInfo {
  std::string name, title, method;
  std::vector<int64_t> seeds;
  std::vector<std::string> runs;  // names of their folders
  Json published;                 // of the plan; null: none, or not the same setting
  Json costs;                     // numbers: means over runs; text: as in costs.json; null: not measured
};

// Mean foreground Dice below which a row has learned nothing: a first step of most trainings scores more by chance.
inline constexpr double kLearned = 0.1;

struct Comparison {
  std::string title, source, role;
  std::string against;             // as chosen: a row's name, or "best"
  std::vector<std::string> cases;  // ids
  std::vector<std::string> class_names;
  std::vector<RowInfo> rows;
  std::vector<MetricResult> metrics;
  std::vector<Setting> settings;
  std::vector<std::string> obstacles;  // empty: the rows are comparable. Nothing is bold otherwise.
  std::vector<RowDifferences> differences;
  std::vector<std::string> notes;
  // Whether a row's mean Dice reaches kLearned; where none does, there are no tests and nothing is bold.
  bool learned = true;
  double level = 0.05;
  BootstrapOptions bootstrap = {};

  const RowInfo& row(size_t index) const { return rows[index]; }
  const MetricResult& metric(const std::string& name) const;  // throws InputError with the names known
};

struct CompareOptions {
  std::string against;  // a row's name, "best", or empty: the first row of the method `supervised`, else the first row
  double level = 0.05;
  BootstrapOptions bootstrap = {};
};

// Throws InputError: an unknown row, a reference row without scores, rows with different classes.
Comparison compare(const Study& study, const CompareOptions& options = {});

}  // namespace tss
