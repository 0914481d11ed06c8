// Predicting a list of scans into files: what the verbs predict and evaluate --run do, and a program that links this library.
#pragma once

#include <cstdint>
#include <exception>
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

  std::string fault = {};  // why the scan cannot be read, where that is known already
  bool replace = false;    // what is there under the names of its outputs is its own: a stopped prediction left it
  bool finished = false;   // by an earlier prediction: nothing is to be done

  std::vector<std::filesystem::path> outputs(int64_t classes) const;
  std::filesystem::path probability(int64_t k) const;
};

// Throws InputError when an output exists (unless overwrite, or the job may replace it or is finished), is a scan of any of the jobs or
// would lie among the slices of one. Call before any work is done.
void check_outputs(const std::vector<PredictionJob>& jobs, int64_t classes, bool overwrite);

// What a manifest is told; all may be empty.
struct PredictionEvents {
  std::function<void(const PredictionJob&)> writing;  // before the first file of a case is there
  std::function<void(const Json& record)> done;
  // The scan is of another kind than those of the training (engine/training_facts.h), in phrases.
  std::function<void(const PredictionJob&, const std::vector<std::string>& remarks)> unlike_training;
  // Where it is set, a scan that cannot be read or predicted is told here and the others are done; where not, its error ends the prediction.
  std::function<void(const PredictionJob&, const std::exception_ptr&)> failed;
};

// Whether the scan's files are those that the record of a finished case is of, by size, time and content. False for records of versions that
// did not keep them. Throws InputError when a file is gone.
bool is_of_same_scan(const PredictionJob& job, const Json& record);

// Jobs that are finished are passed over. Each file is complete. What a job has opened is closed when it is done.
void predict_jobs(const PredictingRuns& runs, std::vector<PredictionJob> jobs, const PredictionEvents& events = {});

}  // namespace tss
