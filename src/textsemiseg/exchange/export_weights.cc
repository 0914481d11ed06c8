#include "textsemiseg/exchange/export_weights.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
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

bool has_options(const LoadedRun& run, const NetworkUse& use) {
  const Json needed = use.needed_options();  // items() keeps no temporary alive
  for (const auto& [option, value] : needed.items())
    if (run.config.method_options.value(option, Json()) != value) return false;
  return true;
}

// The first network of the table that this run's method and variant predict with, or the one named.
Choice choose(const LoadedRun& run, const std::string& names) {
  const std::string variant = run.config.method_options.value("variant", std::string());
  std::vector<std::string> known;
  std::vector<Choice> original;
  for (const PublishedNetwork& network : published_networks())
    for (const NetworkUse& use : network.uses) {
      if (use.method != run.config.method || !has_options(run, use)) continue;
      if (names == network.name) return {&network, &use};
      known.push_back(network.name);
      original.push_back({&network, &use});
    }
  // Where a method's network may have either norm, that with instance norm has a layout of its own.
  const auto own_layout = [](const Choice& one) { return one.network->name == "bcp_pancreas"; };
  if (std::any_of(original.begin(), original.end(), own_layout))
    std::erase_if(original,
                  [&](const Choice& one) { return own_layout(one) != (run.config.network.normalisation == "instance"); });
  if (names == "original" && !original.empty()) {
    for (const Choice& other : original)
      if (other.use->child != original.front().use->child)
        log_info("the method predicts with a second network, which --names " + other.network->name + " writes");
    return original.front();
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
