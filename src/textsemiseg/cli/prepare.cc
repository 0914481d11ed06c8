#include "textsemiseg/data/prepare.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/io/config.h"

namespace tss {
namespace {

struct PrepareArguments {
  PrepareOptions options;
  std::string source, dataset, recipe;
  std::string classes;
  std::vector<std::string> overrides;
};

// What --set can reach.
struct PrepareSections {
  Recipe recipe;
  template <class V>
  void visit(V& v) {
    v("recipe", recipe);
  }
};

Recipe read_recipe(const std::string& name, const std::vector<std::string>& overrides) {
  PrepareSections sections;
  if (ends_with(name, ".toml")) {
    read_options(read_toml(name), name, sections);
  } else {
    sections.recipe = recipe_from_name(name);
  }
  Json config = write_options(sections);
  for (const std::string& assignment : overrides) apply_override(config, assignment);
  read_options(config, "--set", sections);
  sections.recipe.check();
  return sections.recipe;
}

void run(PrepareArguments& arguments) {
  PrepareOptions& options = arguments.options;
  const Stopwatch watch;
  options.source = arguments.source;
  options.dataset = arguments.dataset;
  options.recipe = read_recipe(arguments.recipe, arguments.overrides);
  if (!arguments.classes.empty()) {
    for (const std::string& name : split(arguments.classes, ',')) options.classes.push_back(trim(name));
  }
  const PrepareSummary summary = prepare_dataset(options);
  log_info(concat(arguments.dataset, ": ", summary.prepared, " cases prepared, ", summary.kept, " were current, in ",
                  format_duration(watch.seconds())));
  log_info(concat("split", summary.split_kept ? " (kept as it was): " : ": ", summary.split.describe()));
}

}  // namespace

std::function<void()> declare_prepare(CLI::App& app) {
  auto arguments = std::make_shared<PrepareArguments>();
  SplitOptions& split_options = arguments->options.split;
  app.add_option("--source", arguments->source, "folder of scans: MSD or nnU-Net layout, HDF5 cases, or plain images")
      ->required();
  app.add_option("--dataset", arguments->dataset, "folder to write")->required();
  app.add_option("--recipe", arguments->recipe, "generic, ct_soft_tissue, left_atrium, or a .toml file of configs/datasets")
      ->required();
  app.add_option("--set", arguments->overrides, "override, e.g. recipe.spacing=[1,1,1]")->take_all()->allow_extra_args(false);
  app.add_option("--classes", arguments->classes,
                 "class names where the source has no dataset.json, background first, with commas between");
  app.add_option("--labelled", split_options.labelled, "labelled training cases: a number or a percentage of the training cases");
  app.add_option("--validation", split_options.validation,
                 "validation cases: a number or a percentage of the cases with a label (10%)");
  app.add_option("--test", split_options.test, "test cases: the same (20%, or imagesTs where labelsTs exists)");
  app.add_option("--seed", split_options.seed, "seed of the split and the folds")->capture_default_str();
  app.add_option("--folds", split_options.folds, "also write folds/fold_0.json ... for cross-validation");
  app.add_option("--train-list", split_options.train_list, "training ids, one a line; the first ones are the labelled");
  app.add_option("--validation-list", split_options.validation_list, "validation ids, one a line");
  app.add_option("--test-list", split_options.test_list, "test ids, one a line");
  app.add_option("--split", arguments->options.split_file, "a split.json to use as it is");
  app.add_flag("--allow-missing", split_options.allow_missing, "leave out listed cases that the source lacks");
  app.add_flag("--overwrite", arguments->options.overwrite, "replace an existing split and a dataset of another recipe");
  app.add_option("--threads", arguments->options.threads, "cases prepared at a time (0: one per core)");
  return [arguments] { run(*arguments); };
}

}  // namespace tss
