// The rows to compare: from a study folder, or from run folders put together by configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/runs/run_results.h"

namespace tss {

struct StudyRow {
  std::string name;   // unique; what --against takes
  std::string title;  // what tables show
  std::string method;
  std::string note;              // of the plan
  Json published;                // {"dice", "jaccard", "hd95", "asd"} as the paper prints them (percent, voxels); null: none
  std::vector<RunResults> runs;  // one per seed, ascending; all with the same text encoder

  // Runs whose scores can be used.
  std::vector<const RunResults*> scored() const;
};

struct Study {
  std::string title;                // empty: of run folders
  std::string source;               // where the published figures stand
  std::string plan_dataset;         // the plan's name for the data set; empty: the plan was run on other data
  std::optional<int64_t> labelled;  // labelled cases the published figures were made with
  Json published_setting;           // data_setting.h: of the runs that the published figures may stand beside; null: of none
  std::string role;
  std::vector<StudyRow> rows;
  std::vector<std::string> notes;
};

// The rows of OUT/study.json (study_record.h) with their runs; OUT/logs/<run>.failed says why a run failed. Throws InputError naming file
// and field.
Study read_study(const std::filesystem::path& folder, const std::string& role);

// Runs that differ in their seed alone (and in what does not change the result: result_keys.h) make one row,
// named by its method, or by the run's folder where several rows have that method. Runs with different text encoders never make one row,
// here or above: what is left of a row is named with its encoder.
Study study_of_runs(const std::vector<std::filesystem::path>& runs, const std::string& role);

}  // namespace tss
