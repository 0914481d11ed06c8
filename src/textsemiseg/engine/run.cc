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

std::vector<ClassText> class_texts_of(const RunRecord& record) {
  std::vector<ClassText> out;
  for (const RecordedText& text : record.texts.list) out.push_back({text.name, text.source, text.texts, text.learned});
  return out;
}

RecordedTexts recorded_texts(const std::vector<ClassText>& classes) {
  RecordedTexts out;
  for (const ClassText& text : classes) out.list.push_back({text.name, text.source, text.texts, text.learned});
  return out;
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
  loaded.record = read_run_record({run});
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
    text = std::make_shared<FixedText>(checkpoint.class_texts, class_texts_of(loaded.record));
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
