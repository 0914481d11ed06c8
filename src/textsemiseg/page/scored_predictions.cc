#include "textsemiseg/page/scored_predictions.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/inference/mirror.h"
#include "textsemiseg/inference/predictor.h"
#include "textsemiseg/runs/provenance.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

PredictorOptions scored_options(const Json& summary, const std::string& file) {
  for (const char* key : {"window", "postprocess"}) {
    if (!summary.contains(key)) throw InputError(file, concat("does not record '", key, "'"), "the settings of the prediction");
  }
  PredictorOptions options;
  read_options(summary["window"], file, options.window);
  read_options(summary["postprocess"], file, options.postprocess);
  options.mirror = parse_mirror_axes(summary.value("mirror", "none"));
  options.bf16 = summary.value("precision", "fp32") == "bf16";
  options.device = choose_device("auto");
  options.window.check();
  options.postprocess.check();
  return options;
}

}  // namespace

struct ScoredPredictions::State {
  const RunResults& run;
  std::string role, problem;
  std::optional<PredictionsFolder> folder;  // what evaluate left, where it belongs to the scores
  Json record;                              // of that folder
  std::unique_ptr<Predictor> predictor;

  ResultsFolder results() const { return RunFolder{run.folder}.results(role); }
  std::string command() const { return concat("textsemiseg evaluate --run ", run.folder.string(), " --role ", role); }

  void find() {
    if (run.summary.contains("predictions")) {
      problem = "the scores are of predictions " + plain(run.summary["predictions"]);
      return;
    }
    const PredictionsFolder left = results().predictions();
    if (!fs::exists(left.record())) return;
    record = read_json(left.record());
    if (entries_agree(record, run.summary, {"grid", "dataset_folder"})) folder = left;
  }

  void load() {
    const std::string file = results().summary().string();
    if (run.record.protocol == "published")
      throw InputError(run.name, "was scored on the prepared grid; " + command() + " makes them again");
    const std::string which = match_checkpoint({run.folder}, run.summary).which;
    if (which.empty())
      throw InputError(file, "is of a checkpoint that is no longer in the run; " + command() + " scores the one that is");
    PredictorOptions options = scored_options(run.summary, file);
    log_info(concat(run.name, ": its predictions are gone, the cases shown are predicted again"));
    const LoadedRun loaded = load_run(run.folder, which);
    options.window.batch = loaded.config.inference.batch;
    predictor = std::make_unique<Predictor>(loaded.record.recipe, loaded.method, options);
  }
};

ScoredPredictions::ScoredPredictions(const RunResults& run, const std::string& role)
    : state_(new State{run, role, {}, {}, {}, {}}) {
  state_->find();
}
ScoredPredictions::~ScoredPredictions() = default;
ScoredPredictions::ScoredPredictions(ScoredPredictions&&) noexcept = default;

const std::string& ScoredPredictions::problem() const { return state_->problem; }

bool ScoredPredictions::on_prepared_grid() const { return state_->run.record.protocol == "published"; }

std::string ScoredPredictions::dataset_folder() const {
  const fs::path predicted = !state_->folder ? "" : state_->record.value("dataset_folder", "");
  if (!predicted.empty() && fs::exists(predicted)) return predicted.string();
  return state_->run.record.dataset_folder;
}

std::optional<fs::path> ScoredPredictions::file(const std::string& id) const {
  if (!state_->folder) return std::nullopt;
  const fs::path path = state_->folder->label_map(id);
  return fs::exists(path) ? std::optional(path) : std::nullopt;
}

LabelMap ScoredPredictions::predict(const std::vector<Image>& channels) {
  if (!state_->predictor) {
    try {
      state_->load();
    } catch (const InputError& error) {
      state_->problem = concat("the predictions that were scored are gone and cannot be made again: ", error.what());
      throw InputError(state_->run.name, state_->problem);
    }
  }
  return state_->predictor->predict(channels).labels;
}

}  // namespace tss
