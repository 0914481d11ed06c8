#include "textsemiseg/dataset/prepare.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <set>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/workflows/prepare_explain.h"
#include "textsemiseg/workflows/prepare_plan.h"

namespace tss {
namespace {

struct PrepareArguments {
  PrepareOptions options;
  std::vector<std::string> sources;
  std::string dataset, recipe = "generic";
  std::string classes;
  std::vector<std::string> overrides, label_map, unlabelled, merges, synonyms;
  int64_t fold = 0;
  bool plan = false, json = false;
  PlanArguments plan_arguments;
  std::string explain, picture;
};

// What the user said, as words of a command that prepares in the same way: all but what belongs to --plan itself, and the recipe.
std::vector<std::string> words_of(const CLI::App& app) {
  const std::set<std::string> left_out = {"--dataset", "--recipe", "--set",   "--overwrite",
                                          "--plan",    "--memory", "--write", "--json"};
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || left_out.contains(option->get_name())) continue;
    const bool flag = option->get_expected_max() == 0;
    for (const std::string& value : option->results()) {
      words.push_back(option->get_name());
      if (!flag) words.push_back(value);
    }
  }
  return words;
}

// "FOLDER", or "NAME=FOLDER"; a folder's own name is that of its source.
SourceFolder parse_source(const std::string& text) {
  namespace fs = std::filesystem;
  SourceFolder out{"", text, {}};
  const size_t equals = text.find('=');
  if (!fs::exists(text) && equals != std::string::npos) {
    out.name = trim(text.substr(0, equals));
    out.folder = text.substr(equals + 1);
  } else {
    const fs::path whole = fs::absolute(text).lexically_normal();
    out.name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  }
  return out;
}

// Several sources, with the rules on what each of them calls its classes.
void read_sources(const PrepareArguments& arguments, PrepareOptions& options) {
  std::vector<std::string> names;
  for (const std::string& text : arguments.sources) {
    options.sources.push_back(parse_source(text));
    names.push_back(options.sources.back().name);
  }
  for (const std::string& text : arguments.label_map) {
    const size_t colon = text.find(':');
    const auto source = std::find(names.begin(), names.end(), trim(text.substr(0, colon)));
    if (colon == std::string::npos || source == names.end())
      throw InputError("--label-map", "found '" + text + "' beside several --source",
                       "\"SOURCE:1=name\", where SOURCE is one of " + join(names, ", "));
    for (LabelRule& rule : parse_label_rules({text.substr(colon + 1)}))
      options.sources[static_cast<size_t>(source - names.begin())].label_map.push_back(std::move(rule));
  }
  for (const std::string& text : arguments.synonyms) options.class_rules.push_back(parse_class_rule("--synonym", text, names));
  for (const std::string& text : arguments.merges) options.class_rules.push_back(parse_class_rule("--merge", text, names));
}

void run(PrepareArguments& arguments, const CLI::App& app) {
  PrepareOptions& options = arguments.options;
  const Stopwatch watch;
  options.dataset = arguments.dataset;
  const PublishedDataset published = read_published_dataset(arguments.recipe, arguments.overrides);
  options.recipe = published.recipe;
  options.facts = published.dataset;
  if (arguments.sources.size() > 1) {
    read_sources(arguments, options);
  } else {
    options.source = arguments.sources.front();
    options.label_map = parse_label_rules(arguments.label_map);
    for (const auto* rules : {&arguments.merges, &arguments.synonyms})
      if (!rules->empty())
        throw InputError(rules == &arguments.merges ? "--merge" : "--synonym", "given with one --source",
                         "several, whose classes differ; --label-map renames and merges the classes of one");
  }
  options.classes = comma_list(arguments.classes);
  options.files.unlabelled.assign(arguments.unlabelled.begin(), arguments.unlabelled.end());
  if (app.count("--fold") > 0) options.fold = arguments.fold;
  options.split.seed_given = app.count("--seed") > 0;
  if (arguments.plan) {
    arguments.plan_arguments.json = arguments.json;
    arguments.plan_arguments.overwrite = options.overwrite;
    arguments.plan_arguments.overrides = arguments.overrides;
    arguments.plan_arguments.words = words_of(app);
    return plan_preparation(options, arguments.recipe, arguments.plan_arguments);
  }
  if (!arguments.explain.empty()) {
    const std::string picture = arguments.picture.empty() ? arguments.explain + "_steps.png" : arguments.picture;
    if (!ends_with(to_lower_ascii(picture), ".png")) throw InputError("--picture", picture, "the name of a .png file");
    return explain_preparation(record_of_source(options), arguments.explain, picture, arguments.json);
  }
  if (arguments.dataset.empty()) throw UsageError("prepare: --dataset is required (but not for --plan and --explain)");
  const PrepareSummary summary = prepare_dataset(options);
  log_info(concat(arguments.dataset, ": ", summary.prepared, " cases prepared, ", summary.kept, " were current, in ",
                  format_duration(watch.seconds())));
  log_info(concat("split", summary.split_kept ? " (kept as it was): " : ": ", summary.split.describe()));
}

}  // namespace

std::function<void()> declare_prepare(CLI::App& app) {
  auto arguments = std::make_shared<PrepareArguments>();
  SplitOptions& split_options = arguments->options.split;
  app.add_option(
         "--source", arguments->sources,
         "folder of scans: MSD or nnU-Net layout, images and labels by name, a folder per case, BIDS, HDF5 cases; several "
         "(also as NAME=FOLDER) whose labels may have different classes")
      ->type_name("PATH")
      ->take_all()
      ->allow_extra_args(false)
      ->required();
  app.add_option("--merge", arguments->merges,
                 "of several sources: a name that covers classes which its source does not tell apart, "
                 "\"Hippocampus=Anterior+Posterior\"")
      ->type_name("NAME=CLASSES")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--synonym", arguments->synonyms, "of several sources: another name of a class, \"LA cavity=left atrium\"")
      ->type_name("NAME=CLASS")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--dataset,--output", arguments->dataset, "folder to write")->type_name("FOLDER");
  app.add_option("--recipe", arguments->recipe, join(recipe_names(), ", ") + ", or a .toml file")
      ->type_name("RECIPE")
      ->capture_default_str();
  app.add_option("--set", arguments->overrides, "override, e.g. recipe.spacing=[1,1,1]")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--classes", arguments->classes,
                 "class names where the source has no dataset.json, background first, with commas between")
      ->type_name("NAMES");
  app.add_option(
         "--label-map", arguments->label_map,
         "stored values of a class, e.g. \"1,2,4=whole tumour\" or \">0=tumour\": merges, renames, or (=background) drops")
      ->type_name("VALUES=CLASS")
      ->take_all();
  app.add_option("--label-file", arguments->options.files.label_file,
                 "which files are labels, where names alone leave it open: a pattern such as \"*_manual.nii.gz\"")
      ->type_name("PATTERN");
  app.add_option("--unlabelled", arguments->unlabelled, "a further folder of scans, which are unlabelled cases")
      ->type_name("FOLDER")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--unlabelled-test-images", arguments->options.files.unlabelled_test_images,
               "images that the source keeps apart (imagesTs, lists of dataset.json) and has no label for are unlabelled cases");
  app.add_option("--labelled", split_options.labelled, "labelled training cases: a number or a percentage of the training cases");
  app.add_option("--validation", split_options.validation,
                 "validation cases: a number or a percentage of the cases with a label (10%)");
  app.add_option("--test", split_options.test, "test cases: the same (20%, or imagesTs where labelsTs exists)");
  app.add_option("--seed", split_options.seed, "seed of the split and the folds")->capture_default_str();
  app.add_option("--folds", split_options.folds, "also write folds/fold_0.json ... for cross-validation");
  app.add_option("--train-list", split_options.train_list, "training ids, one a line; the first ones are the labelled")
      ->type_name("FILE");
  app.add_option("--validation-list", split_options.validation_list, "validation ids, one a line")->type_name("FILE");
  app.add_option("--test-list", split_options.test_list, "test ids, one a line")->type_name("FILE");
  app.add_option(
         "--split", arguments->options.split_file,
         "a split.json to use as it is, nnU-Net's splits_final.json, or a published one: " + join(published_split_names(), ", "))
      ->type_name("FILE");
  app.add_option("--fold", arguments->fold,
                 "the fold of splits_final.json (0), or of dataset.json's cases the one for validation");
  app.add_flag("--allow-missing", split_options.allow_missing, "leave out listed cases that the source lacks");
  app.add_flag("--overwrite", arguments->options.overwrite,
               "replace a dataset of another recipe, and the split and folds where other ones are asked for");
  CLI::Option* plan = app.add_flag("--plan", arguments->plan,
                                   "prepare nothing; propose spacing, window, patch and batch from the scans, with reasons");
  app.add_option("--memory", arguments->plan_arguments.memory,
                 "GiB that a training step may take, for --plan (half of this machine's)")
      ->type_name("GIB")
      ->check(above_zero())
      ->needs(plan);
  app.add_option("--write", arguments->plan_arguments.write, "a .toml file to write the recipe of --plan to")
      ->type_name("FILE")
      ->needs(plan);
  CLI::Option* explain =
      app.add_option("--explain", arguments->explain, "prepare nothing; show what each step of the recipe does to this case")
          ->type_name("CASE");
  explain->excludes(plan);
  app.add_option("--picture", arguments->picture, "PNG of --explain (CASE_steps.png)")->type_name("FILE")->needs(explain);
  app.add_flag("--json", arguments->json, "--plan and --explain for machines");
  app.add_option("--threads", arguments->options.threads, "cases prepared at a time (0: one per core)");
  return [arguments, &app] { run(*arguments, app); };
}

}  // namespace tss
