// A plan: several methods to be trained and scored in the same way, as data. configs/papers holds each table of the paper as one.
//
//   title = "..."      source = "..."      protocol = "..."      notes = ["..."]
//   extends = "table1" protocol, notes, [common], [evaluate] and datasets of one of the program's plans, below what is here
//   [common]           a configuration as train --config reads it, for all runs
//   [evaluate]         keep_largest, min_component: post-processing of all rows alike
//   [[dataset]]        name, title, labelled = [6, 12], preparation (one sentence); classes, recipe and split of its published figures
//   [dataset.settings] over [common] where the runs are on this dataset
//   [[row]]            name ([a-z0-9_]), title, method, note; shorter_than = 15000: only in studies of fewer iterations
//   [row.settings]     over both
//   [row.published]    pancreas_ct = {6 = [Dice, Jaccard, 95HD, ASD], 12 = [...]}, as printed
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/base/config.h"

namespace tss {

// As the paper prints them: Dice and Jaccard in percent, distances in voxels of the prepared grid (1 mm in the paper's datasets).
struct PublishedScores {
  double dice = 0, jaccard = 0, hd95 = 0, asd = 0;
  bool operator==(const PublishedScores&) const = default;
};

struct PlanDataset {
  std::string name, title, preparation;
  std::vector<int64_t> labelled;  // the numbers of labelled cases that figures were published for
  // What the figures were made on; where one of them is not said, the figures stand beside no run.
  std::vector<std::string> classes;  // background first
  std::string recipe;                // name of one of the program's, or of the data set's own
  std::string split;  // name of one of the program's, or a split file (beside the plan's file where the path is relative)
  Json settings = Json::object();
};

struct PlanRow {
  std::string name, title, method, note;
  int64_t shorter_than = 0;  // the row stands in studies of fewer iterations than this alone; 0: in all
  Json settings = Json::object();
  std::map<std::pair<std::string, int64_t>, PublishedScores> published;  // by dataset and number of labelled cases
};

struct PlanEvaluation {
  bool keep_largest = false;
  int64_t min_component = 0;
  template <class V>
  void visit(V& v) {
    v("keep_largest", keep_largest);
    v("min_component", min_component);
  }
};

struct Plan {
  std::string origin;  // the file, or "table1" of the program's own
  std::string title, source, protocol;
  std::vector<std::string> notes;
  Json common = Json::object();
  PlanEvaluation evaluation;
  std::vector<PlanDataset> datasets;
  std::vector<PlanRow> rows;

  // Throw InputError with the names known.
  const PlanDataset& dataset(const std::string& name) const;
  const PlanRow& row(const std::string& name) const;
};

// Throws InputError, one line with source and field: unknown key, wrong type, a row twice, a figure for a dataset or count that
// the plan does not have.
Plan parse_plan(const std::string& text, const std::string& source);
// A file, or the name of one of the program's own plans.
Plan read_plan(const std::string& name_or_path);
std::vector<std::string> plan_names();

// The configuration of one row as train reads it: [common], the dataset's, the row's, then `over`; dataset may be null. The
// folder of the dataset and the seed are the caller's to add.
Json row_configuration(const Plan& plan, const PlanDataset* dataset, const PlanRow& row, const Json& over = Json::object());

std::optional<PublishedScores> published_scores(const PlanRow& row, const PlanDataset* dataset, int64_t labelled);

}  // namespace tss
