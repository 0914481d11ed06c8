#include "textsemiseg/cli/prediction.h"

#include <CLI/CLI.hpp>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/data/cache.h"
#include "textsemiseg/data/prepare.h"
#include "textsemiseg/data/source.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/io/image_file.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// "18,18,4", or one number for all axes.
std::vector<int64_t> parse_stride(const std::string& text) {
  std::vector<int64_t> out;
  for (const std::string& word : split(text, ',')) out.push_back(parse_integer("--stride", trim(word)));
  if (out.size() == 1) out.assign(3, out.front());
  if (out.size() != 3) throw InputError("--stride", "found '" + text + "'", "one step or three, with commas between");
  return out;
}

}  // namespace

void add_prediction_options(CLI::App& app, PredictionArguments& a) {
  app.add_option("--overlap", a.overlap, "share of the patch that neighbouring windows have in common, below 1")
      ->check(CLI::Range(0.0, 0.999));
  app.add_option("--stride", a.stride, "steps in voxels instead of the overlap: 18,18,4");
  app.add_option("--weights", a.weights, "of the voxels of a window: gaussian or constant");
  app.add_option("--window-batch", a.window_batch, "windows per call of the network")->check(CLI::PositiveNumber);
  app.add_option("--preset", a.preset, "published stride and weights: " + join(window_preset_names(), ", "));
  app.add_flag("--keep-largest", a.keep_largest, "only the largest component of each class");
  app.add_option("--min-component", a.min_component, "remove components with fewer voxels")->check(CLI::NonNegativeNumber);
  app.add_option("--device", a.device, "auto, cpu or cuda:N")->capture_default_str();
  app.add_option("--threads", a.threads, "of the CPU (default: all cores)")->check(CLI::PositiveNumber);
  app.add_option("--checkpoint", a.checkpoint, "selected (best on validation, else last), best or last")->capture_default_str();
}

PredictorOptions predictor_options(const LoadedRun& run, const PredictionArguments& a) {
  PredictorOptions options;
  options.window = run.config.inference;
  WindowOptions& window = options.window;
  if (!a.preset.empty()) apply_window_preset(a.preset, window);
  if (!a.stride.empty() && a.overlap >= 0) throw UsageError("--stride and --overlap exclude each other");
  if (a.overlap >= 0) {
    window.overlap = a.overlap;
    window.stride.clear();
  }
  if (!a.stride.empty()) window.stride = parse_stride(a.stride);
  if (!a.weights.empty()) window.weights = a.weights;
  if (a.window_batch > 0) window.batch = a.window_batch;
  options.postprocess.keep_largest = a.keep_largest;
  options.postprocess.min_component = a.min_component;
  options.device = choose_device(a.device);
  window.check();
  options.postprocess.check();
  return options;
}

Json prediction_record(const LoadedRun& run, const PredictorOptions& options) {
  Json out;
  out["run"] = run.record.name;
  out["dataset"] = run.record.dataset;
  out["method"] = run.config.method;
  out["protocol"] = run.record.protocol;
  out["checkpoint"] = run.chosen;
  out["checkpoint_sample"] = fingerprint_of(checkpoint_path(run.folder, run.checkpoint)).sample;
  out["selection"] = run.record.selection;
  out["class_names"] = run.record.class_names;
  out["texts"] = Json::array();
  for (const ClassText& text : run.record.texts) out["texts"].push_back({{"class", text.name}, {"source", text.source}});
  out["recipe"] = write_options(run.record.recipe);
  out["window"] = write_options(options.window);
  // Windows per call change memory and speed, not the prediction.
  out["window"].erase("batch");
  out["postprocess"] = write_options(options.postprocess);
  return out;
}

std::vector<fs::path> PredictionJob::outputs(int64_t classes) const {
  std::vector<fs::path> out{output};
  for (int64_t k = 0; k < classes && !probabilities.empty(); ++k) out.emplace_back(concat(probabilities, k, ".nii.gz"));
  return out;
}

void check_outputs(const std::vector<PredictionJob>& jobs, int64_t classes, bool overwrite) {
  for (const PredictionJob& job : jobs) {
    for (const fs::path& path : job.outputs(classes)) {
      if (!fs::exists(path)) continue;
      for (const fs::path& scan : job.channels) {
        if (fs::equivalent(path, scan)) throw InputError(path.string(), "is the scan itself", "another output");
      }
      if (!overwrite) throw InputError(path.string(), "exists", "a new name, or --overwrite");
    }
  }
}

void predict_jobs(const LoadedRun& run, const PredictorOptions& options, const std::vector<PredictionJob>& jobs) {
  PredictorOptions with_probabilities = options;
  with_probabilities.probabilities = !jobs.empty() && !jobs.front().probabilities.empty();
  const Predictor predictor(run.record.recipe, run.method, with_probabilities);
  Progress progress("predicting", static_cast<int64_t>(jobs.size()));
  for (size_t i = 0; i < jobs.size(); ++i) {
    const PredictionJob& job = jobs[i];
    std::vector<Image> channels;
    for (const fs::path& path : job.channels) {
      channels.push_back(read_scan(path));
      check_finite(channels.back(), path);
    }
    const Prediction prediction = predictor.predict(channels);
    const auto outputs = job.outputs(static_cast<int64_t>(prediction.probabilities.size()));
    for (size_t k = 0; k < prediction.probabilities.size(); ++k) write_image(outputs[k + 1], prediction.probabilities[k]);
    write_label_map(job.output, prediction.labels);
    progress.update(static_cast<int64_t>(i) + 1, concat(job.id, ", ", prediction.windows, " windows"));
  }
}

}  // namespace tss
