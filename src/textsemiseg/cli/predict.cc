// textsemiseg predict: label maps of raw scans, each on its own grid.
#include <CLI/CLI.hpp>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/prediction.h"
#include "textsemiseg/cli/scan_files.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/data/dataset.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/io/image_file.h"

namespace tss {
namespace {

namespace fs = std::filesystem;

struct PredictArguments {
  std::string run, input, dataset, role, split, output;
  bool probabilities = false, overwrite = false;
  PredictionArguments prediction;
};

std::vector<InputScan> scans_to_predict(const PredictArguments& arguments, const RunRecord& record) {
  if (!arguments.input.empty()) {
    if (!arguments.dataset.empty() || !arguments.role.empty()) throw UsageError("--input excludes --dataset and --role");
    return find_inputs(arguments.input, record.channels);
  }
  if (arguments.role.empty()) throw UsageError("predict: give --input, or --role (and --dataset)");
  const std::string folder = arguments.dataset.empty() ? record.dataset_folder : arguments.dataset;
  const Dataset dataset = Dataset::open(folder, arguments.split);
  if (dataset.channels() != record.channels) {
    throw InputError(folder, concat("has ", dataset.channels(), " channel(s)"), concat(record.channels, ", as in training"));
  }
  std::vector<InputScan> out;
  for (const std::string& id : dataset.cases(role_from_name(arguments.role))) out.push_back({id, dataset.source(id).images});
  if (out.empty())
    throw InputError(folder, "has no case with the role '" + arguments.role + "'", "a role of split.json that has cases");
  return out;
}

std::vector<PredictionJob> jobs_for(const PredictArguments& arguments, const std::vector<InputScan>& scans) {
  const fs::path output = arguments.output;
  const bool to_file = is_image_file(output);
  if (to_file && scans.size() > 1) {
    throw InputError(output.string(), concat("is one file for ", scans.size(), " scans"), "a folder");
  }
  if (!to_file && fs::exists(output) && !fs::is_directory(output)) {
    throw InputError(output.string(), "is a file that is not named like an image", "a folder, or a name ending in .nii.gz");
  }
  std::vector<PredictionJob> jobs;
  for (const InputScan& scan : scans) {
    PredictionJob job{scan.id, scan.channels, to_file ? output : output / (scan.id + ".nii.gz"), ""};
    if (arguments.probabilities) {
      job.probabilities = to_file ? (output.parent_path() / (image_stem(output) + "_probability_")).string()
                                  : (output / "probabilities" / (scan.id + "_")).string();
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void run(const PredictArguments& arguments) {
  const Stopwatch watch;
  set_threads(arguments.prediction.threads);
  const LoadedRun loaded = load_run(arguments.run, arguments.prediction.checkpoint);
  const PredictorOptions options = predictor_options(loaded, arguments.prediction);
  const std::vector<PredictionJob> jobs = jobs_for(arguments, scans_to_predict(arguments, loaded.record));
  check_outputs(jobs, static_cast<int64_t>(loaded.record.class_names.size()), arguments.overwrite);
  log_info(concat(loaded.record.name, " (", loaded.config.method, "): ", loaded.chosen));
  predict_jobs(loaded, options, jobs);
  if (!is_image_file(arguments.output)) {
    Json record = prediction_record(loaded, options);
    record["cases"] = Json::array();
    for (const PredictionJob& job : jobs) {
      record["cases"].push_back(
          {{"case", job.id}, {"scan", job.channels.front().string()}, {"output", job.output.filename().string()}});
    }
    write_json(fs::path(arguments.output) / "predictions.json", record);
  }
  log_info(concat(jobs.size(), jobs.size() == 1 ? " scan" : " scans", " in ", format_duration(watch.seconds()), ": ",
                  arguments.output));
}

}  // namespace

std::function<void()> declare_predict(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  app.add_option("--run", arguments->run, "folder of a run (train --run)")->required();
  app.add_option("--input", arguments->input, "a raw scan or a folder of scans");
  app.add_option("--dataset", arguments->dataset, "instead of --input: a prepared dataset (default: the run's own)");
  app.add_option("--role", arguments->role, "which of its cases: labelled, unlabelled, validation or test");
  app.add_option("--split", arguments->split, "a split file or a fold's name (fold_0) instead of split.json");
  app.add_option("--output", arguments->output, "a file named like an image, else a folder")->required();
  app.add_flag("--probabilities", arguments->probabilities, "also write the probability of each class");
  app.add_flag("--overwrite", arguments->overwrite, "replace files that exist");
  add_prediction_options(app, arguments->prediction);
  return [arguments] { run(*arguments); };
}

}  // namespace tss
