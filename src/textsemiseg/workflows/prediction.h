// What predict and evaluate --run share: options, settings, and predicting a list of scans into files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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
  std::string stride, weights, preset, mirror;
  int64_t window_batch = 0;
  bool keep_largest = false;
  int64_t min_component = 0;
  std::string device = "auto", checkpoint = "selected", precision = "fp32";
  int64_t threads = 0;
};
void add_prediction_options(CLI::App& app, PredictionArguments& arguments);

// The run's [inference] section with the arguments over it, checked.
PredictorOptions predictor_options(const LoadedRun& run, const PredictionArguments& arguments);

// What decides a prediction besides the scan: run, checkpoint, recipe, windows, mirroring, post-processing, texts. For records, and
// to tell whether predictions on disk are still those of the run.
Json prediction_record(const LoadedRun& run, const PredictorOptions& options);

// Runs whose probabilities are averaged, each with its own recipe and windows; one is the usual case.
struct PredictingRuns {
  std::vector<LoadedRun> runs;
  std::vector<PredictorOptions> options;  // one per run; they differ in the windows alone

  const RunRecord& record() const { return runs.front().record; }
};
// Throws InputError naming the run: other classes or channels than the first one.
PredictingRuns load_runs(const std::vector<std::string>& folders, const PredictionArguments& arguments);

struct PredictionJob {
  std::string id;
  std::vector<std::filesystem::path> channels;
  std::filesystem::path output;  // label map, in the format of its ending
  // With the names and colours of the classes: in the file itself or beside it (io/segmentation.h).
  bool named = false;
  std::filesystem::path preview = {};    // PNG; empty: none
  std::filesystem::path dicom_seg = {};  // DICOM segmentation object; empty: none
  // Probabilities of class k go to this name with "<k>" and the ending added; empty: none are written.
  std::string probabilities = {}, probability_ending = ".nii.gz";

  std::vector<std::filesystem::path> outputs(int64_t classes) const;
  std::filesystem::path probability(int64_t k) const;
};

// Throws InputError when an output exists (unless overwrite), is a scan of any of the jobs or would lie among the slices of one. Call
// before any work is done.
void check_outputs(const std::vector<PredictionJob>& jobs, int64_t classes, bool overwrite);

// Each finished file is complete; an error stops at the scan it names. done: gets the record of each finished case, for a manifest.
void predict_jobs(const PredictingRuns& runs, const std::vector<PredictionJob>& jobs,
                  const std::function<void(const Json& record)>& done = {});

}  // namespace tss
