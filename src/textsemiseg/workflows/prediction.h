// Predicting a list of scans into files: what the verbs predict and evaluate --run do, and a program that links this library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/engine/run.h"
#include "textsemiseg/inference/predictor.h"
#include "textsemiseg/io/scan.h"

namespace tss {

// What is empty leaves the run's own settings.
struct PredictionSettings {
  std::optional<double> overlap;
  std::string stride, weights, preset, mirror;
  std::optional<int64_t> window_batch;
  bool keep_largest = false;
  int64_t min_component = 0;
  std::string device = "auto", checkpoint = "selected", precision = "fp32";
  int64_t threads = 0;  // 0: all cores
};

// The run's [inference] section with the settings over it, checked.
PredictorOptions predictor_options(const LoadedRun& run, const PredictionSettings& settings);

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
PredictingRuns load_runs(const std::vector<std::string>& folders, const PredictionSettings& settings);

struct PredictionJob {
  std::string id;
  std::vector<ScanPtr> channels;
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

// Each finished file is complete; an error stops at the scan it names. What a job has opened is closed when it is done. done: gets the record of each finished case, for a manifest.
void predict_jobs(const PredictingRuns& runs, std::vector<PredictionJob> jobs,
                  const std::function<void(const Json& record)>& done = {});

}  // namespace tss
