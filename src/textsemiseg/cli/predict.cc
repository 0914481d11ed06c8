// textsemiseg predict: label maps of raw scans, each on its own grid.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/failure.h"
#include "textsemiseg/cli/prediction_options.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/workflows/output_guard.h"
#include "textsemiseg/workflows/prediction.h"
#include "textsemiseg/workflows/prediction_manifest.h"
#include "textsemiseg/workflows/scan_files.h"

namespace tss {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFormats[] = {"nii.gz", "nrrd", "seg.nrrd", "mha"};

struct PredictArguments {
  std::vector<std::string> runs;
  std::string input, dataset, role, split, output, format;
  bool one_channel = false, probabilities = false, preview = false, dicom_seg = false, overwrite = false, json = false;
  bool keep_going = false, resume = false;
  PredictionSettings prediction;
};

std::vector<InputScan> scans_to_predict(const PredictArguments& arguments, const RunRecord& record) {
  if (!arguments.input.empty()) {
    if (!arguments.dataset.empty() || !arguments.role.empty() || !arguments.split.empty())
      throw UsageError("predict: --input excludes --dataset, --role and --split");
    return find_inputs(arguments.input, record.channels, arguments.one_channel, arguments.keep_going);
  }
  if (arguments.one_channel) throw UsageError("predict: --one-channel goes with --input");
  if (arguments.role.empty()) throw UsageError("predict: give --input, or --role (and --dataset)");
  const std::string folder = arguments.dataset.empty() ? record.dataset_folder : arguments.dataset;
  const Dataset dataset = Dataset::open(folder, arguments.split);
  if (dataset.channels() != record.channels) {
    throw InputError(folder, concat("has ", dataset.channels(), " channel(s)"), concat(record.channels, ", as in training"));
  }
  std::vector<InputScan> out;
  for (const std::string& id : dataset.cases(role_from_name(arguments.role))) {
    InputScan scan{id, {}};
    try {
      scan.channels = open_scans(dataset.source(id).images);
    } catch (const Error& error) {
      if (!arguments.keep_going) throw;
      scan.fault = error.what();
    }
    out.push_back(std::move(scan));
  }
  if (out.empty())
    throw InputError(folder, "has no case with the role '" + arguments.role + "'", "a role of split.json that has cases");
  return out;
}

// A file, where --output is named like an image; else a folder.
bool is_output_file(const fs::path& output) {
  if (is_writable_image(output)) return true;
  // Besides what can be read: Analyze and NIfTI of two files, NIfTI as text.
  std::vector<std::string> endings = {".hdr", ".img", ".hdr.gz", ".img.gz", ".nia", ".nia.gz"};
  for (const std::string& ending : scan_extensions()) endings.push_back(ending);
  const std::string name = to_lower_ascii(output.filename().string());
  if (std::any_of(endings.begin(), endings.end(), [&](const std::string& e) { return ends_with(name, e); }))
    throw InputError(output.string(), "is a format that label maps are not written in",
                     "a folder, or a name ending in ." + join(kFormats, ", ."));
  if (fs::exists(output) && !fs::is_directory(output))
    throw InputError(output.string(), "is a file that is not named like an image", "a folder, or a name ending in .nii.gz");
  return false;
}

// Label maps among the scans would be scans of the next prediction.
void require_another_folder(const fs::path& input, const fs::path& output, bool to_file) {
  if (input.empty() || !fs::is_directory(input)) return;
  const fs::path folder = to_file ? fs::absolute(output).parent_path() : output;
  if (same_file(folder, input))
    throw InputError(output.string(), "puts label maps into the folder of the scans", "another --output");
}

std::vector<PredictionJob> jobs_for(const PredictArguments& arguments, const std::vector<InputScan>& scans, bool to_file) {
  const fs::path output = arguments.output;
  if (to_file && scans.size() > 1)
    throw InputError(output.string(), concat("is one file for ", scans.size(), " scans"), "a folder");
  if (to_file && !arguments.format.empty() && !ends_with(output.string(), "." + arguments.format))
    throw UsageError("predict: --format " + arguments.format + " and the name of --output disagree");
  const std::string format = arguments.format.empty() ? "nii.gz" : arguments.format;
  std::vector<PredictionJob> jobs;
  for (const InputScan& scan : scans) {
    PredictionJob job;
    job.id = scan.id;
    job.channels = scan.channels;
    job.output = to_file ? output : output / (scan.id + "." + format);
    job.named = true;
    job.fault = scan.fault;
    if (arguments.dicom_seg && !scan.channels.empty() && !scan.channels.front()->is_series())
      throw InputError(scan.channels.front()->path().string(), "is no DICOM series", "one, for --dicom-seg");
    const fs::path folder = job.output.parent_path();
    const std::string stem = image_stem(job.output);
    if (arguments.preview) job.preview = folder / (stem + ".png");
    if (arguments.dicom_seg) job.dicom_seg = folder / (stem + ".dcm");
    if (arguments.probabilities) {
      job.probabilities =
          to_file ? (folder / (stem + "_probability_")).string() : (folder / "probabilities" / (stem + "_")).string();
      const std::string ending = job.output.filename().string().substr(stem.size());
      job.probability_ending = ending == ".seg.nrrd" ? ".nrrd" : ending;
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string counted_scans(size_t count) { return concat(count, count == 1 ? " scan" : " scans"); }

void run(const PredictArguments& arguments) {
  const Stopwatch watch;
  set_threads(arguments.prediction.threads);
  const bool to_file = is_output_file(arguments.output);
  require_another_folder(arguments.input, arguments.output, to_file);
  const PredictingRuns runs = load_runs(arguments.runs, arguments.prediction);
  std::vector<PredictionJob> jobs = jobs_for(arguments, scans_to_predict(arguments, runs.record()), to_file);
  const auto classes = static_cast<int64_t>(runs.record().class_names.size());
  const Json settings = prediction_manifest(runs);
  PredictionManifest manifest(manifest_path(arguments.output, to_file), settings, arguments.overwrite);
  const size_t finished = arguments.resume ? take_up(jobs, manifest, classes, arguments.overwrite) : 0;
  check_outputs(jobs, classes, arguments.overwrite);

  for (const LoadedRun& one : runs.runs) log_info(concat(one.record.name, " (", one.config.method, "): ", one.chosen));
  if (runs.runs.size() > 1 || !runs.options.front().mirror.empty())
    log_info("averaged: " + settings.at("averaged").get<std::string>());
  const size_t scans = jobs.size();
  if (finished > 0) log_info(concat(finished, " of ", counted_scans(scans), " finished before: kept"));
  size_t failures = 0;
  PredictionEvents events;
  events.writing = [&](const PredictionJob& job) { manifest.begin(job.id); };
  // After each case: what is finished is on record, whatever happens to the next.
  events.done = [&](const Json& record) { manifest.add(record); };
  constexpr size_t kMostNamed = 5;  // of two hundred scans of another scanner
  size_t unlike = 0;
  events.unlike_training = [&](const PredictionJob& job, const std::vector<std::string>& remarks) {
    if (++unlike <= kMostNamed) log_warning(job.id + " is unlike the scans of the training: " + join(remarks, ", "));
  };
  if (arguments.keep_going) {
    events.failed = [&](const PredictionJob& job, const std::exception_ptr& error) {
      const std::string reason = failure_of(error, "predict").message;
      log_error(job.id + " is left out: " + reason);
      std::vector<std::string> inputs;
      for (const ScanPtr& scan : job.channels) inputs.push_back(scan->path().string());
      manifest.fail(job.id, inputs, reason);
      ++failures;
    };
  }
  predict_jobs(runs, std::move(jobs), events);
  if (unlike > kMostNamed)
    log_warning(
        concat(unlike, " scans are unlike those of the training; ", manifest.path().string(), " says which, and in what"));
  log_info(concat(counted_scans(scans - finished - failures), " in ", format_duration(watch.seconds()), ": ", arguments.output));
  if (arguments.json) std::cout << read_json(manifest.path()).dump(2) << "\n";
  if (failures > 0)
    throw Error(concat(failures, " of ", counted_scans(scans), failures == 1 ? " was" : " were",
                       " left out: named above, and under \"failed\" in ", manifest.path().string()),
                ExitCode::kBadInput);
}

}  // namespace

std::function<void()> declare_predict(CLI::App& app) {
  auto arguments = std::make_shared<PredictArguments>();
  app.add_option("--run", arguments->runs, "folder of a run (train --run); given again: probabilities are averaged")
      ->type_name("RUN")
      ->required()
      ->allow_extra_args(false);
  app.add_option("--input", arguments->input, "a raw scan, a folder of scans, or a DICOM series")->type_name("PATH");
  app.add_flag("--one-channel", arguments->one_channel,
               "every file of the folder is a scan of its own, also la_0000, la_0001, ... (for runs of one channel)");
  app.add_option("--dataset", arguments->dataset, "instead of --input: a prepared dataset (default: the run's own)")
      ->type_name("FOLDER");
  app.add_option("--role", arguments->role, "which of its cases: labelled, unlabelled, validation or test")->type_name("ROLE");
  app.add_option("--split", arguments->split, "a split file or a fold's name (fold_0) instead of split.json")->type_name("FILE");
  app.add_option("--output", arguments->output, "a file named like an image, else a folder")->type_name("PATH")->required();
  app.add_flag("--probabilities", arguments->probabilities, "also write the probability of each class");
  app.add_option("--format", arguments->format, "of the label maps in a folder (default nii.gz)")
      ->type_name("nii.gz|nrrd|seg.nrrd|mha")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kFormats), std::end(kFormats))));
  app.add_flag("--preview", arguments->preview, "also a picture of each case: three planes with outlines, names and volumes");
  app.add_flag("--dicom-seg", arguments->dicom_seg,
               "of DICOM series: also a DICOM segmentation object, <case>.dcm; it takes over the patient's tags");
  app.add_flag("--overwrite", arguments->overwrite, "replace files that exist");
  app.add_flag("--keep-going", arguments->keep_going,
               "a scan that cannot be read or predicted is named and the others are done; the exit code is not 0");
  app.add_flag("--resume", arguments->resume,
               "go on with a prediction that was stopped: finished cases of the same scans are kept");
  app.add_flag("--json", arguments->json, "the record of what was done on standard output; it is kept beside the results anyway");
  add_prediction_options(app, arguments->prediction);
  return [arguments] { run(*arguments); };
}

}  // namespace tss
