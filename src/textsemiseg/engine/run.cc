#include "textsemiseg/engine/run.h"

#include "textsemiseg/base/at_hand.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/random.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/earlier_keys.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace fs = std::filesystem;

void write_run_record(const fs::path& run, const RunRecord& record) {
  Json out;
  out["dataset"] = record.dataset;
  out["dataset_folder"] = record.dataset_folder;
  out["classes"] = record.class_names;
  out["channels"] = record.channels;
  out["recipe"] = write_options(record.recipe);
  out["texts"] = Json::array();
  for (const auto& text : record.texts)
    out["texts"].push_back({{"class", text.name}, {"source", text.source}, {"texts", text.texts}, {"learned", text.learned}});
  out["protocol"] = record.protocol;
  out["selection"] = record.selection;
  out["split"] = record.split;
  if (!record.cases.is_null()) out["cases"] = record.cases;
  if (!record.phases.is_null()) out["phases"] = record.phases;
  out["environment"] = record.environment;
  if (!record.origin.is_null()) out["origin"] = record.origin;
  write_json(RunFolder{run}.record(), out);
}

RunRecord read_run_record(const fs::path& run) {
  const fs::path path = RunFolder{run}.record();
  if (!fs::exists(path)) throw InputError(run.string(), "has no run.json", "the folder of a run (train --run)");
  const Json in = read_json(path);
  RunRecord record;
  try {
    record.name = fs::weakly_canonical(run).filename().string();
    record.dataset = in.at("dataset");
    record.dataset_folder = in.at("dataset_folder");
    record.class_names = in.at("classes").get<std::vector<std::string>>();
    record.channels = in.at("channels");
    record.recipe.read_config(in.at("recipe"), "recipe", path.string());
    for (const auto& text : in.at("texts")) {
      record.texts.push_back(
          {text.at("class"), text.at("source"), text.value("texts", std::vector<std::string>{}), text.value("learned", false)});
    }
    record.protocol = in.at("protocol");
    record.selection = in.at("selection");
    record.split = in.at("split");
    record.cases = in.value("cases", Json());
    record.environment = in.at("environment");
    record.phases = in.value("phases", Json());
    record.origin = in.value("origin", Json());
  } catch (const Json::exception& error) {
    throw InputError(path.string(), std::string("lacks a field or has one of a wrong type (") + error.what() + ")");
  }
  return record;
}

RunConfig read_run_config(const fs::path& run) {
  const fs::path path = RunFolder{run}.config();
  Json tree = read_toml(path);
  add_earlier_keys(tree);
  return make_run_config(tree, path.string());
}

std::shared_ptr<Method> build_method(const RunConfig& config, const std::vector<std::string>& class_names, int64_t channels,
                                     std::shared_ptr<TextSource> text) {
  MethodSetup setup;
  setup.network = config.network;
  setup.network.classes = static_cast<int64_t>(class_names.size());
  setup.network.in_channels = channels;
  for (size_t a = 0; a < 3; ++a) setup.patch[a] = config.sampler.patch[a];
  setup.text = std::move(text);
  torch::manual_seed(random_key(static_cast<uint64_t>(config.seed), Stream::kInitialisation));
  return method_info(config.method).make(config.method_options, "config.toml", setup);
}

LoadedRun load_run(const fs::path& run, const std::string& which) {
  if (which != "selected" && which != "best" && which != "last")
    throw InputError("checkpoint", "found '" + which + "'", "selected, best or last");
  if (!fs::is_directory(run)) throw InputError(run.string(), "is not a folder", "the folder of a run (train --run)");
  LoadedRun loaded;
  loaded.folder = run;
  loaded.record = read_run_record(run);
  loaded.config = read_run_config(run);
  loaded.checkpoint = which != "selected" ? which : selected_checkpoint({run});
  const fs::path path = RunFolder{run}.checkpoint(loaded.checkpoint);
  if (!fs::exists(path)) throw InputError(path.string(), "is missing", "a checkpoint: has the training written one yet?");
  const AtHand loading("loading " + path.string());
  Checkpoint checkpoint = read_checkpoint(path);
  loaded.state = checkpoint.state;
  std::shared_ptr<TextSource> text;
  if (checkpoint.class_texts.defined()) {
    if (checkpoint.class_texts.size(0) != static_cast<int64_t>(loaded.record.class_names.size()))
      throw InputError(path.string() + ": class_texts", concat("has ", checkpoint.class_texts.size(0), " rows"),
                       concat(loaded.record.class_names.size(), ", one per class of run.json"));
    text = std::make_shared<FixedText>(checkpoint.class_texts, loaded.record.texts);
  }
  loaded.method = build_method(loaded.config, loaded.record.class_names, loaded.record.channels, text);
  if (!checkpoint.average.empty()) checkpoint.method = std::move(checkpoint.average);
  // Prompts and residuals have done their work: the features they led to are in class_texts.
  for (auto it = checkpoint.method.begin(); it != checkpoint.method.end();)
    it = it->first.rfind("text.", 0) == 0 ? checkpoint.method.erase(it) : std::next(it);
  load_into(*loaded.method, checkpoint.method, path.string());
  loaded.method->eval();
  const std::string protocol = "protocol " + loaded.record.protocol;
  if (!loaded.record.origin.is_null())
    loaded.chosen = concat("imported from ", loaded.record.origin.value("file", "a file"), "; ", protocol);
  else if (loaded.checkpoint == "best" && loaded.state.best_score)
    loaded.chosen = concat("best on ", loaded.record.protocol == "published" ? "TEST cases" : "validation cases", " (iteration ",
                           loaded.state.best_iteration, " of ", loaded.state.iterations, ", mean foreground Dice ",
                           fixed(*loaded.state.best_score, 4), "); ", protocol);
  else
    loaded.chosen =
        concat("last checkpoint (iteration ", loaded.state.iteration, " of ", loaded.state.iterations, "); ", protocol);
  return loaded;
}

}  // namespace tss
