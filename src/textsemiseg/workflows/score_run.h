// Scores of a run on a role of its dataset, by the run's protocol, and the files that keep them.
#pragma once

#include <filesystem>
#include <string>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/runs/scores.h"
#include "textsemiseg/workflows/prediction.h"

namespace tss {

struct ScoreRunOptions {
  Role role = Role::kTest;
  std::string dataset;      // empty: the run's own folder
  std::string split;        // empty: the run's own
  std::string predictions;  // a folder that predict wrote; empty: the program's own below the run
  std::string empty_rule;   // empty: "undefined" for the protocol honest, "zeros_hundreds" for published
  PredictorOptions predictor;
};

struct RunScores {
  ScoreSet scores;
  std::filesystem::path folder;  // R/results/<role>; empty: nothing was written
  Json summary;
};

// Protocol honest: predictions on the grid of the original scan against its label, distances in mm. Protocol published: on the
// prepared grid against the prepared label. Predictions are kept in R/results/<role>/predictions and made again only when the
// checkpoint or a setting has changed. Writes R/results/<role>/cases.csv and summary.json, which other verbs take as the run's results: of
// predictions, a data set or a split that are not the run's own nothing is written.
// Throws InputError: no case in the role, a case without a label.
RunScores score_run(const LoadedRun& run, const ScoreRunOptions& options);

}  // namespace tss
