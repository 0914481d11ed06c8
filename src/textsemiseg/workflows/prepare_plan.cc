#include "textsemiseg/workflows/prepare_plan.h"

#include <iostream>
#include <utility>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/shell_words.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/checks/preparation_plan.h"
#include "textsemiseg/engine/memory_estimate.h"

namespace tss {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
// Peak memory of a text_semiseg step, 2 + 2 patches, over the lower bound of engine/memory_estimate: 6 to 7 measured (docs/methods.md#costs).
constexpr double kOverLowerBound = 7;

// Bytes of a step per voxel of the patch.
double bytes_per_voxel(const RunConfig& config, int64_t channels) {
  double voxels = 1;
  for (const int64_t side : config.sampler.patch) voxels *= static_cast<double>(side);
  return kOverLowerBound * least_step_memory(config, channels) / voxels;
}

// As people write it: one step a line, [dataset] only where it says something.
std::string recipe_file(const PublishedDataset& published) {
  Json config = write_options(published);
  const Json steps = config.at("recipe").at("steps");
  config.at("recipe").erase("steps");
  if (config.at("dataset") == write_options(DatasetFacts{})) config.erase("dataset");
  std::string text = "[recipe]\nname = \"" + published.recipe.name + "\"\nsteps = [\n";
  for (const Json& step : steps) {
    const std::string line = to_toml(Json{{"x", Json::array({step})}});  // x = [{...}]
    text += "  " + line.substr(5, line.size() - 7) + ",\n";
  }
  text += "]\n";
  config.erase("recipe");
  return config.empty() ? text : text + "\n" + to_toml(config);
}

}  // namespace

double patch_voxels_in_memory(int64_t channels) {
  return machine_memory() / 2 / bytes_per_voxel(make_run_config(Json::object(), "--plan"), channels);
}

void plan_preparation(const PrepareOptions& options, const std::string& recipe, const PlanArguments& arguments) {
  if (!arguments.write.empty()) {
    if (!ends_with(arguments.write, ".toml")) throw InputError("--write", arguments.write, "the name of a .toml file");
    if (std::filesystem::exists(arguments.write) && !arguments.overwrite)
      throw InputError(arguments.write, "exists", "a new name, or --overwrite");
  }
  const DatasetRecord record = record_of_source(options);
  const PlanFacts facts = gather_plan_facts(record, labelled_cases(options, record));
  const RunConfig config = make_run_config(Json::object(), "--plan");
  const double budget = arguments.memory > 0 ? arguments.memory * kGiB : machine_memory() / 2;
  const double each = bytes_per_voxel(config, facts.channels);
  PreparationPlan plan = make_plan(
      facts, {.side_multiple = config.network.side_multiple(), .most_patch_voxels = static_cast<int64_t>(budget / each)},
      record.recipe);
  const auto voxels = static_cast<double>(plan.patch[0] * plan.patch[1] * plan.patch[2]);
  plan.reasons.push_back(concat(
      "batch: 2 labelled + 2 unlabelled patches, as every published method here; a step of text_semiseg with them takes about ",
      fixed(voxels * each / kGiB, 1), " GiB in fp32 (", fixed(budget / kGiB, 1), " GiB allowed",
      arguments.memory > 0 ? "" : ", half of this machine's; --memory for another", ")"));
  const std::string dataset = options.dataset.empty() ? "DATASET" : options.dataset.string();
  std::vector<std::string> words = {"textsemiseg", "prepare"};
  words.insert(words.end(), arguments.words.begin(), arguments.words.end());
  words.insert(words.end(), {"--dataset", dataset, "--recipe", arguments.write.empty() ? recipe : arguments.write});
  if (arguments.write.empty()) {
    for (const auto* overrides : {&arguments.overrides, &std::as_const(plan).overrides})
      for (const std::string& line : *overrides) words.insert(words.end(), {"--set", line});
  }
  const std::string prepare = shell_command(words);
  const std::string train = shell_command({"textsemiseg", "train", "--dataset", dataset, "--method", "text_semiseg", "--run",
                                           "RUN", "--set", "sampler.patch=[" + join(plan.patch, ",") + "]"});
  PublishedDataset published;
  published.recipe = plan.recipe;
  published.recipe.check();
  published.dataset = options.facts;
  if (arguments.json) {
    Json out = {{"cases", facts.scans.size()},
                {"read", facts.read},
                {"labels_looked_at", facts.labelled_read},
                {"recipe", write_options(published.recipe)},
                {"patch", plan.patch},
                {"median_size", plan.size},
                {"reasons", plan.reasons},
                {"prepare", prepare},
                {"train", train}};
    std::cout << out.dump(2) << "\n";
  } else {
    std::cout << record.source.string() << ": " << facts.scans.size() << " cases; " << facts.read << " read, with the labels of "
              << facts.labelled_read << " (labelled cases of the split only)\n";
    for (const std::string& reason : plan.reasons) std::cout << "  " << reason << "\n";
    std::cout << "\n" << prepare << "\n" << train << "\n";
  }
  if (arguments.write.empty()) return;
  published.recipe.name = std::filesystem::path(arguments.write).stem().string();
  std::string text = "# Proposed by prepare --plan from " + concat(facts.scans.size()) + " scans:\n";
  for (const std::string& reason : plan.reasons) text += "# - " + reason + "\n";
  write_text_file(arguments.write, text + recipe_file(published));
  log_info(arguments.write + ": the recipe proposed");
}

}  // namespace tss
