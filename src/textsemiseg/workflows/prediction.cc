#include "textsemiseg/workflows/prediction.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/fingerprint.h"
#include "textsemiseg/engine/costs.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/training_facts.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/io/segmentation.h"
#include "textsemiseg/report/colours.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/runs/result_keys.h"
#include "textsemiseg/workflows/output_guard.h"
#include "textsemiseg/workflows/preview.h"
#include "textsemiseg/workflows/window_preset.h"

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

PredictorOptions predictor_options(const LoadedRun& run, const PredictionSettings& a) {
  PredictorOptions options;
  options.window = run.config.inference;
  WindowOptions& window = options.window;
  if (!a.preset.empty()) apply_window_preset(a.preset, window);
  if (!a.stride.empty() && a.overlap) throw UsageError("--stride and --overlap exclude each other");
  if (a.overlap) {
    window.overlap = *a.overlap;
    window.stride.clear();
  }
  if (!a.stride.empty()) window.stride = parse_stride(a.stride);
  if (!a.weights.empty()) window.weights = a.weights;
  if (a.window_batch) window.batch = *a.window_batch;
  options.postprocess.keep_largest = a.keep_largest;
  options.postprocess.min_component = a.min_component;
  if (!a.mirror.empty()) options.mirror = parse_mirror_axes(a.mirror);
  options.bf16 = a.precision == "bf16";
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
  out["checkpoint_sample"] = checkpoint_sample({run.folder}, run.checkpoint);
  out["selection"] = run.record.selection;
  out["class_names"] = run.record.class_names;
  out["texts"] = Json::array();
  for (const RecordedText& text : run.record.texts.list) out["texts"].push_back({{"class", text.name}, {"source", text.source}});
  out["recipe"] = write_options(run.record.recipe);
  out["window"] = deciding_settings(write_options(options.window), "inference");
  out["mirror"] = mirror_axes_name(options.mirror);
  out["precision"] = options.bf16 ? "bf16" : "fp32";
  out["postprocess"] = write_options(options.postprocess);
  return out;
}

PredictingRuns load_runs(const std::vector<std::string>& folders, const PredictionSettings& settings) {
  PredictingRuns out;
  for (const std::string& folder : folders) {
    LoadedRun run = load_run(folder, settings.checkpoint);
    if (!out.runs.empty()) {
      const RunRecord& first = out.record();
      const std::string other = out.runs.front().folder.string();
      if (run.record.class_names != first.class_names)
        throw InputError(folder, "has the classes " + join(run.record.class_names, ", "),
                         join(first.class_names, ", ") + ", as " + other);
      if (run.record.channels != first.channels)
        throw InputError(folder, concat("takes ", run.record.channels, " channel(s)"), concat(first.channels, ", as ", other));
      if (run.record.recipe.reorients() != first.recipe.reorients())
        throw InputError(folder, run.record.recipe.reorients() ? "turns scans to RAS" : "takes scans as they are stored",
                         "the other, as " + other);
    }
    out.options.push_back(predictor_options(run, settings));
    out.runs.push_back(std::move(run));
  }
  return out;
}

fs::path PredictionJob::probability(int64_t k) const { return concat(probabilities, k, probability_ending); }

std::vector<fs::path> PredictionJob::outputs(int64_t classes) const {
  std::vector<fs::path> out{output};
  for (const fs::path& extra : {named ? colour_table_path(output) : fs::path(), preview, dicom_seg}) {
    if (!extra.empty()) out.push_back(extra);
  }
  for (int64_t k = 0; k < classes && !probabilities.empty(); ++k) out.push_back(probability(k));
  return out;
}

void check_outputs(const std::vector<PredictionJob>& jobs, int64_t classes, bool overwrite) {
  std::vector<ScanPtr> scans;
  for (const PredictionJob& job : jobs) scans.insert(scans.end(), job.channels.begin(), job.channels.end());
  const InputGuard guard(scans);
  for (const PredictionJob& job : jobs) {
    for (const fs::path& path : job.outputs(classes)) {
      guard.require_apart(path);
      if (fs::exists(path) && !overwrite && !job.replace && !job.finished)
        throw InputError(path.string(), "exists", "a new name, or --overwrite");
    }
  }
}

namespace {

// A scan as the networks are about to see it.
struct SeenScan {
  const Scan* file = nullptr;
  Geometry grid;
  std::vector<std::string> remarks;

  // After the recipe of a run. An array with more background than in training has other intensities without being another scan.
  void look(const RunRecord& run, const torch::Tensor& image, bool crop_fell_back) {
    for (std::string& remark : unlike_training(run.training_facts, grid, file->has_geometry(), run.recipe.reorients(),
                                               crop_fell_back ? torch::Tensor() : image)) {
      if (std::find(remarks.begin(), remarks.end(), remark) == remarks.end()) remarks.push_back(std::move(remark));
    }
  }
};

Predictor make_predictor(const PredictingRuns& runs, bool probabilities, Progress& progress, SeenScan& seen) {
  std::vector<PredictorMember> members;
  for (size_t i = 0; i < runs.runs.size(); ++i)
    members.push_back({runs.runs[i].record.recipe, runs.runs[i].method, runs.options[i].window});
  PredictorOptions options = runs.options.front();
  options.probabilities = probabilities;
  options.progress = [&progress](int64_t done, int64_t windows) {
    progress.within(static_cast<double>(done) / static_cast<double>(windows));
  };
  options.prepared = [&](size_t member, const torch::Tensor& image, bool crop_fell_back) {
    seen.look(runs.runs[member].record, image, crop_fell_back);
  };
  return {std::move(members), std::move(options)};
}

std::vector<Image> channels_of(const PredictionJob& job, int64_t channels) {
  std::vector<Image> out = read_channels(job.channels);
  if (static_cast<int64_t>(out.size()) != channels)
    throw InputError(job.channels.front()->path().string(), concat("gives ", out.size(), " channel(s)"),
                     concat(channels, ", as in training"));
  return out;
}

std::vector<SegmentInfo> segments_of(const std::vector<std::string>& class_names) {
  std::vector<SegmentInfo> out;
  for (size_t k = 1; k < class_names.size(); ++k) {
    const Rgb colour = class_colour(static_cast<int64_t>(k));
    out.push_back({class_names[k], {colour.red, colour.green, colour.blue}});
  }
  return out;
}

void write_outputs(const PredictionJob& job, const Image& scan, const Prediction& prediction, const RunRecord& record) {
  const std::vector<std::string>& class_names = record.class_names;
  for (size_t k = 0; k < prediction.probabilities.size(); ++k)
    write_image(job.probability(static_cast<int64_t>(k)), prediction.probabilities[k]);
  if (!job.preview.empty()) {
    const Window* window = record.recipe.find<Window>();  // what the network sees of a CT is what a person wants to see
    const RgbImage picture =
        prediction_preview(job.id, scan, prediction.labels, class_names, window ? window->range : std::vector<double>{});
    write_png(job.preview, picture);
  }
  if (!job.dicom_seg.empty()) write_dicom_seg(job.dicom_seg, prediction.labels, segments_of(class_names), *job.channels.front());
  if (job.named)
    write_segmentation(job.output, prediction.labels, segments_of(class_names));
  else
    write_label_map(job.output, prediction.labels);
}

// File names within the folder of the label map; paths elsewhere as they are.
std::string name_beside(const PredictionJob& job, const fs::path& path) {
  return path.lexically_relative(job.output.parent_path()).generic_string();
}

Json case_record(const PredictionJob& job, const Prediction& prediction, const std::vector<std::string>& class_names) {
  Json out = {{"case", job.id}, {"inputs", Json::array()}, {"output", job.output.filename().string()}};
  for (const ScanPtr& scan : job.channels) out["inputs"].push_back(scan->path().string());
  const fs::path colours = job.named ? colour_table_path(job.output) : fs::path();
  if (!colours.empty()) out["colour_table"] = name_beside(job, colours);
  if (!job.preview.empty()) out["preview"] = name_beside(job, job.preview);
  if (!job.dicom_seg.empty()) out["dicom_seg"] = name_beside(job, job.dicom_seg);
  for (size_t k = 0; k < prediction.probabilities.size(); ++k)
    out["probabilities"].push_back(name_beside(job, job.probability(static_cast<int64_t>(k))));
  const Geometry& grid = prediction.labels.geometry;
  out["size"] = grid.size;
  out["spacing"] = grid.spacing;
  out["windows"] = prediction.windows;
  if (prediction.crop_fell_back)
    out["crop"] = "the recipe's crop goes around the label; for want of one the whole scan was taken";
  const std::vector<ClassVolume> volumes = class_volumes(prediction.labels, class_names.size());
  out["classes"] = Json::array();
  for (size_t k = 1; k < class_names.size(); ++k)
    out["classes"].push_back({{"label", k}, {"name", class_names[k]}, {"voxels", volumes[k].voxels}, {"ml", volumes[k].ml}});
  return out;
}

// Of what the case is predicted, to tell later whether the scan is still the same.
Json input_files_record(const PredictionJob& job) {
  SourceCase source;
  for (const ScanPtr& scan : job.channels) source.images.push_back(scan->path());
  Json out = Json::array();
  for (const Fingerprint& one : fingerprints_of(source)) out.push_back(write_options(one));
  return out;
}

}  // namespace

bool is_of_same_scan(const PredictionJob& job, const Json& record) {
  const Json stored = record.value("input_files", Json());
  if (!stored.is_array() || stored.size() != job.channels.size()) return false;
  for (size_t c = 0; c < stored.size(); ++c) {
    Fingerprint before;
    read_options(stored[c], "predictions.json: input_files", before);
    if (!same_content(fingerprint_of(job.channels[c]->path()), before)) return false;
  }
  return true;
}

void predict_jobs(const PredictingRuns& runs, std::vector<PredictionJob> jobs, const PredictionEvents& events) {
  std::erase_if(jobs, [](const PredictionJob& job) { return job.finished; });
  if (jobs.empty()) return;
  Progress progress("predicting", static_cast<int64_t>(jobs.size()));
  SeenScan seen;
  const Predictor predictor = make_predictor(runs, !jobs.front().probabilities.empty(), progress, seen);
  const std::vector<std::string>& class_names = runs.record().class_names;
  const auto predict = [&](const PredictionJob& job) {
    if (!job.fault.empty()) throw Error(job.fault, ExitCode::kBadInput);
    const AtHand predicting("predicting " + job.id);
    const Stopwatch watch;
    const Json inputs = events.done ? input_files_record(job) : Json();
    const std::vector<Image> channels = channels_of(job, runs.record().channels);
    seen = {job.channels.front().get(), channels.front().geometry, {}};
    const Prediction prediction = predictor.predict(channels);
    if (!seen.remarks.empty() && events.unlike_training) events.unlike_training(job, seen.remarks);
    if (events.writing) events.writing(job);
    write_outputs(job, channels.front(), prediction, runs.record());
    Json record = case_record(job, prediction, class_names);
    if (!inputs.is_null()) record["input_files"] = inputs;
    if (!seen.remarks.empty()) record["unlike_training"] = seen.remarks;
    record["seconds"] = std::round(watch.seconds() * 1000) / 1000;
    record["peak_memory_gib"] = std::round(peak_memory_gib(runs.options.front().device) * 1000) / 1000;  // of the program so far
    return record;
  };
  for (size_t i = 0; i < jobs.size(); ++i) {
    const PredictionJob job = std::move(jobs[i]);
    Json record;
    try {
      record = predict(job);
    } catch (...) {
      if (!events.failed) throw;
      events.failed(job, std::current_exception());
    }
    if (!record.is_null() && events.done) events.done(record);
    if (!record.is_null()) log_event("case", record);
    progress.update(static_cast<int64_t>(i) + 1,
                    record.is_null() ? job.id + ", left out" : concat(job.id, ", ", record.at("windows").dump(), " windows"));
  }
}

}  // namespace tss
