// What predict and evaluate --run share: options, settings, and predicting a list of scans into files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/engine/run.h"
#include "textsemiseg/inference/predictor.h"

namespace CLI {
class App;
}

namespace tss {

// As given on the command line; empty, negative and zero values leave the run's own settings.
struct PredictionArguments {
  double overlap = -1;
  std::string stride, weights, preset;
  int64_t window_batch = 0;
  bool keep_largest = false;
  int64_t min_component = 0;
  std::string device = "auto", checkpoint = "selected";
  int64_t threads = 0;
};
void add_prediction_options(CLI::App& app, PredictionArguments& arguments);

// The run's [inference] section with the arguments over it, checked.
PredictorOptions predictor_options(const LoadedRun& run, const PredictionArguments& arguments);

// What decides a prediction besides the scan: run, checkpoint, recipe, windows, post-processing, texts. For records, and to tell
// whether predictions on disk are still those of the run.
Json prediction_record(const LoadedRun& run, const PredictorOptions& options);

struct PredictionJob {
  std::string id;
  std::vector<std::filesystem::path> channels;
  std::filesystem::path output;
  // Probabilities of class k go to this name with "<k>.nii.gz" added; empty: none are written.
  std::string probabilities;

  std::vector<std::filesystem::path> outputs(int64_t classes) const;
};

// Throws InputError when an output exists (unless overwrite) or is one of the scans themselves. Call before any work is done.
void check_outputs(const std::vector<PredictionJob>& jobs, int64_t classes, bool overwrite);

// Each finished file is complete; an error stops at the scan it names.
void predict_jobs(const LoadedRun& run, const PredictorOptions& options, const std::vector<PredictionJob>& jobs);

}  // namespace tss
