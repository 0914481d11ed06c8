// What must be the same in every row for a comparison to be fair, and what differs between rows by configuration.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "textsemiseg/runs/study_rows.h"

namespace tss {

// A setting with the same value in all runs, or one line per value with the rows that have it.
struct Setting {
  std::string name;    // "iterations"
  std::string value;   // of every run; empty where they differ
  std::string detail;  // "1500 (supervised, mc_net), 2000 (text_semiseg)"; empty where they agree
};

// Everything that is held equal (docs/methods.md#what-is-held-equal): data set, split, cases scored, iterations, patch and crops,
// protocol, checkpoint rule, grid, windows, post-processing, empty rule, text encoder, seeds. Read from the runs that are there.
std::vector<Setting> fairness_settings(const Study& study);

// Why the rows may not be compared, one sentence each: settings that differ, runs that are missing, failed, unfinished or not
// scored.
std::vector<std::string> obstacles(const Study& study, const std::vector<Setting>& settings);

// What differs by a method's nature. One entry per row: its values of the shared keys in which rows differ (optimiser,
// schedule, batch, precision, ...) and its method's own options - all of them, or where several rows have the method only those
// in which these differ.
struct RowDifferences {
  std::string row;                                          // title
  std::vector<std::pair<std::string, std::string>> values;  // dotted key, value
};
std::vector<RowDifferences> differences(const Study& study);

}  // namespace tss
