#include "textsemiseg/workflows/score_run.h"

#include <optional>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/progress.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_folder.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run_data.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/workflows/score_files.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Cases whose prediction of these settings is not there yet. The record is removed first and written last, so that a folder
// with a record is complete and of one kind.
std::vector<std::string> cases_to_predict(const PredictionsFolder& folder, const Json& record,
                                          const std::vector<std::string>& ids) {
  const Json left = fs::exists(folder.record()) ? read_json(folder.record()) : Json();
  if (left.is_null() || !entries_agree(left, record) || !entries_agree(record, left)) {
    std::error_code ignored;
    fs::remove(folder.record(), ignored);
    return ids;
  }
  std::vector<std::string> out;
  for (const std::string& id : ids) {
    if (!fs::exists(folder.label_map(id))) out.push_back(id);
  }
  return out;
}

// A volume of the cache as a tensor that owns its memory, [C, X, Y, Z].
torch::Tensor image_of(const CachedCase& item, int64_t channels) {
  const Size3& size = item.geometry.size;
  torch::Tensor out = torch::empty({channels, size[0], size[1], size[2]});
  std::copy_n(item.image.data<float>(), out.numel(), out.data_ptr<float>());
  return out;
}

void predict_prepared(const LoadedRun& run, const PredictorOptions& options, const Dataset& dataset,
                      const std::vector<std::string>& ids, const PredictionsFolder& folder) {
  const Predictor predictor(run.record.recipe, run.method, options);
  Progress progress("predicting", static_cast<int64_t>(ids.size()));
  for (size_t i = 0; i < ids.size(); ++i) {
    const CachedCase item = dataset.load(ids[i]);
    write_label_map(folder.label_map(ids[i]), predictor.predict_prepared(image_of(item, dataset.channels()), item.geometry));
    progress.update(static_cast<int64_t>(i) + 1, ids[i]);
  }
}

void predict_scans(const LoadedRun& run, const PredictorOptions& options, const Dataset& dataset,
                   const std::vector<std::string>& ids, const PredictionsFolder& folder) {
  std::vector<PredictionJob> jobs;
  for (const std::string& id : ids) jobs.push_back({id, open_scans(dataset.source(id).images), folder.label_map(id)});
  predict_jobs({{run}, {options}}, std::move(jobs));
}

// What a label that does not tell all classes apart says nothing about is undefined, whatever the empty rule.
void leave_out_merged(const ClassGroups& groups, std::vector<ClassScore>& scores) {
  for (ClassScore& score : scores) {
    if (groups.tells_apart(score.label)) continue;
    ClassScore undefined;
    undefined.label = score.label;
    undefined.prediction_voxels = score.prediction_voxels;
    score = undefined;
  }
}

// prepared: on the prepared grid, else on the scan's own; either way with the classes of the data set's label map.
ScoreSet score_predictions(const Dataset& dataset, const std::vector<std::string>& ids, const PredictionsFolder& folder,
                           bool prepared, const ScoreOptions& options) {
  ScoreSet set;
  set.class_names = dataset.class_names();
  set.empty = options.empty;
  Progress progress("scoring", static_cast<int64_t>(ids.size()));
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string& id = ids[i];
    LabelMap reference;
    FilePair files{id, dataset.source(id).label, folder.label_map(id)};
    if (prepared) {
      const CachedCase item = dataset.load(id);
      reference = LabelMap(item.geometry);
      std::copy_n(item.label->data<uint8_t>(), reference.voxels.size(), reference.voxels.data());
      files.reference = dataset.folder() / "cache" / id;
    } else {
      reference = dataset.read_label(id);
    }
    set.cases.push_back(score_maps(files, Scan::open(files.prediction)->read_label(), reference, set.class_names, options));
    leave_out_merged(dataset.groups(id), set.cases.back().classes);
    progress.update(static_cast<int64_t>(i) + 1, id);
  }
  set.fill_absent_classes();
  return set;
}

}  // namespace

RunScores score_run(const LoadedRun& run, const ScoreRunOptions& options) {
  const bool published = run.record.protocol == "published";
  const std::string role = role_name(options.role);
  const std::string folder = options.dataset.empty() ? run.record.dataset_folder : options.dataset;
  const Dataset dataset = open_data_of_run(run, options.dataset, options.split, options.role);
  const std::vector<std::string>& ids = dataset.cases(options.role);
  for (const std::string& id : ids) {
    if (dataset.source(id).label.empty()) throw InputError(folder + ": " + id, "has no label", "cases with labels, to be scored");
  }

  const ResultsFolder results = RunFolder{run.folder}.results(role);
  const bool own = options.predictions.empty() && is_data_of_run(run, dataset, options.split, options.role);
  std::optional<TemporaryFolder> work;
  if (!own && options.predictions.empty()) work.emplace();
  const PredictionsFolder predictions = work  ? PredictionsFolder{work->path()}
                                        : own ? results.predictions()
                                              : PredictionsFolder{options.predictions};
  Json record = prediction_record(run, options.predictor);
  record["dataset_folder"] = fs::absolute(folder).lexically_normal().string();
  record["grid"] = published ? "prepared" : "original";
  if (options.predictions.empty()) {
    const std::vector<std::string> missing = cases_to_predict(predictions, record, ids);
    if (!missing.empty()) {
      (published ? predict_prepared : predict_scans)(run, options.predictor, dataset, missing, predictions);
      write_json(predictions.record(), record);
    } else {
      log_info(predictions.path.string() + ": predictions of this checkpoint and these settings are used again");
    }
  }

  const std::string rule = !options.empty_rule.empty() ? options.empty_rule : published ? "zeros_hundreds" : "undefined";
  const ScoreOptions scoring{.empty = empty_rule_from_name(rule), .distances = true};
  RunScores out;
  if (own) out.folder = results.path;
  out.scores = score_predictions(dataset, ids, predictions, published, scoring);

  Json facts;
  facts["role"] = role;
  facts["iterations"] = run.state.iterations;
  facts["seed"] = run.config.seed;
  facts["split"] = run.record.split;
  if (!dataset.sources().empty())
    for (const std::string& id : ids) facts["sources"][id] = dataset.source_name(id);
  for (const auto& [key, value] : record.items()) facts[key] = value;
  facts.erase("dataset_folder");
  facts["grid"] = published ? "prepared grid, as the papers score; *_voxels have unit spacing" : "original scan, mm";
  if (!options.predictions.empty()) facts["predictions"] = "made beforehand, in a folder given by the user";
  out.summary = summary_json(out.scores, facts);
  if (own) {
    write_cases_csv(results.cases(), out.scores);
    write_json(results.summary(), out.summary);
  }
  return out;
}

}  // namespace tss
