#include "textsemiseg/exchange/export_weights.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/exchange/method_network.h"
#include "textsemiseg/exchange/published_networks.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

struct Choice {
  const PublishedNetwork* network;
  const NetworkUse* use;
};

// The first network of the table that this run's method and variant predict with, or the one named.
Choice choose(const LoadedRun& run, const std::string& names) {
  const std::string variant = run.config.method_options.value("variant", std::string());
  std::vector<std::string> known;
  for (const PublishedNetwork& network : published_networks())
    for (const NetworkUse& use : network.uses) {
      if (use.method != run.config.method || (!use.variant.empty() && use.variant != variant)) continue;
      // The instance norm has a layout of its own.
      if (names == "original" && (network.name == "bcp_pancreas") != (run.config.network.normalisation == "instance")) continue;
      if (names == "original" || names == network.name) return {&network, &use};
      known.push_back(network.name);
    }
  if (names != "original" && !known.empty())
    throw InputError("--names", "found '" + names + "'" + did_you_mean(names, known),
                     "original, own or one of " + join(known, ", "));
  throw InputError(run.folder.string(),
                   concat("its method (", run.config.method, variant.empty() ? "" : ", variant '" + variant + "'",
                          ") predicts with no published network"),
                   "--names own");
}

}  // namespace

void check_output(const fs::path& output, bool overwrite) {
  if (fs::is_directory(output)) throw InputError(output.string(), "is a folder", "the name of a file");
  if (fs::exists(output) && !overwrite) throw InputError(output.string(), "exists", "a new name, or --overwrite");
}

std::string export_weights(const fs::path& folder, const fs::path& output, const ExportOptions& options) {
  check_output(output, options.overwrite);
  const LoadedRun run = load_run(folder, options.checkpoint);
  TensorFile file;
  file.metadata = {{"format", "pt"},
                   {"run", run.record.name},
                   {"method", run.config.method},
                   {"classes", Json(run.record.class_names).dump()},
                   {"checkpoint", run.chosen}};
  std::string whose = "our names";
  if (options.names == "own") {
    file.tensors = state_of(*run.method);
    if (const torch::Tensor texts = run.method->class_texts(); texts.defined()) file.tensors["class_texts"] = texts;
  } else {
    const Choice choice = choose(run, options.names);
    file.tensors = published_tensors(*choice.network, state_of(network_of(*run.method, *choice.use)), folder.string());
    file.metadata["network"] = choice.network->name;
    whose = "names of " + choice.network->title;
  }
  file.metadata["names"] = whose;
  write_safetensors(output, file);
  return concat(output.string(), ": ", file.tensors.size(), " tensors, ", whose);
}

}  // namespace tss
