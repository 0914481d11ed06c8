// textsemiseg run: from a folder of scans to a trained network and a page, every choice made from the scans and the clock. It runs the
// other verbs and shows what it runs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/made_of_verbs.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/comparison/comparison.h"
#include "textsemiseg/dataset/prepare.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/workflows/prepare_plan.h"
#include "textsemiseg/workflows/step_time.h"
#include "textsemiseg/workflows/training_plan.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

struct RunArguments {
  std::string source, output = "textsemiseg-run", method, recipe = "generic", classes, labelled, validation, test, split;
  std::vector<std::string> label_map, unlabelled;
  double hours = 2;
  int64_t seed = 0;
};

// What decides the result, in the words of prepare.
std::vector<std::string> source_words(const RunArguments& arguments) {
  std::vector<std::string> words = {"--source", arguments.source};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--classes", arguments.classes);
  for (const std::string& rule : arguments.label_map) add("--label-map", rule);
  for (const std::string& folder : arguments.unlabelled) add("--unlabelled", folder);
  add("--validation", arguments.validation);
  add("--test", arguments.test);
  add("--split", arguments.split);
  words.insert(words.end(), {"--seed", concat(arguments.seed)});
  return words;
}

PrepareOptions prepare_options(const RunArguments& arguments) {
  PrepareOptions options;
  options.source = arguments.source;
  const PublishedDataset published = read_published_dataset(arguments.recipe);
  options.recipe = published.recipe;
  options.facts = published.dataset;
  options.label_map = parse_label_rules(arguments.label_map);
  options.classes = comma_list(arguments.classes);
  options.files.unlabelled.assign(arguments.unlabelled.begin(), arguments.unlabelled.end());
  options.split.labelled = arguments.labelled;
  options.split.validation = arguments.validation;
  options.split.test = arguments.test;
  options.split.seed = static_cast<uint64_t>(arguments.seed);
  options.split.seed_given = true;
  options.split_file = arguments.split;
  return options;
}

// The folder of one `run`.
struct Folder {
  fs::path path;
  fs::path marker() const { return path / "asked.json"; }
  fs::path plan() const { return path / "plan.json"; }     // what was decided, and why; written once
  fs::path config() const { return path / "train.toml"; }  // of the training
  fs::path dataset() const { return path / "dataset"; }
  RunFolder run() const { return {path / "run"}; }
  fs::path page() const { return path / "report.html"; }
};

// {"roles": "9 labelled, ...", "labelled": amount for prepare, "prepare": [overrides of the recipe], "reasons": [...]}
Json decide(const RunArguments& arguments, const Folder& folder) {
  PrepareOptions options = prepare_options(arguments);
  const DatasetRecord record = record_of_source(options);
  // prepare would leave labels aside, to play a study, where every case has one.
  const bool all_labelled = std::all_of(record.cases.begin(), record.cases.end(),
                                        [](const SourceCase& item) { return item.test || !item.label.empty(); });
  if (all_labelled && arguments.labelled.empty() && arguments.split.empty()) options.split.labelled = "100%";
  const Split split = split_of_source(options, record);
  if (split.cases(Role::kLabelled).empty())
    throw InputError(arguments.source, "no training case has a label", "labels for at least one scan");
  TrainingFacts facts;
  facts.scans = gather_plan_facts(record, split.cases(Role::kLabelled));
  facts.class_names = record.class_names;
  facts.labelled = std::ssize(split.cases(Role::kLabelled));
  facts.unlabelled = std::ssize(split.cases(Role::kUnlabelled));
  facts.validation = std::ssize(split.cases(Role::kValidation));
  if (!arguments.method.empty() && facts.unlabelled == 0 && method_info(arguments.method).uses_unlabelled)
    throw InputError("--method", arguments.method + " needs unlabelled cases, and there is none",
                     "supervised, scans without labels, or --labelled to leave labels aside");
  facts.hours = arguments.hours;
  facts.method = arguments.method;
  VNetOptions network;
  network.in_channels = facts.scans.channels;
  network.classes = std::ssize(record.class_names);
  facts.seconds_per_voxel = training_seconds_per_voxel(network);
  facts.most_memory_voxels = patch_voxels_in_memory(facts.scans.channels);
  const TrainingPlan plan = plan_training(facts, record.recipe);
  Json out;
  out["roles"] = split.describe();
  out["labelled"] = options.split.labelled;
  out["prepare"] = plan.preparation.overrides;
  out["reasons"] = plan.preparation.reasons;
  for (const std::string& reason : plan.reasons) out["reasons"].push_back(reason);
  Json config = plan.config;
  config["seed"] = arguments.seed;
  std::string text = "# Chosen by `textsemiseg run` from " + concat(facts.scans.scans.size()) + " scans:\n";
  for (const Json& reason : out["reasons"]) text += "# - " + reason.get<std::string>() + "\n";
  write_text_file(folder.config(), text + "\n" + to_toml(config));
  write_json(folder.plan(), out);  // last: with it the plan is complete
  return out;
}

Page page_of(const Folder& folder, const Json& plan, const std::string& role) {
  const Study study = study_of_runs({folder.run().path}, role);
  Page page = page_of_study(study, compare(study));
  Facts decided;
  for (const Json& line : plan.at("reasons")) {
    const auto text = line.get<std::string>();
    const size_t colon = text.find(": ");
    decided.emplace_back(colon < 20 ? text.substr(0, colon) : "", colon < 20 ? text.substr(colon + 2) : text);
  }
  page.sections.insert(page.sections.begin(),
                       {.id = "decided", .title = "What was decided, and why", .facts = {{"", std::move(decided)}}});
  return page;
}

void run(const RunArguments& arguments) {
  const Stopwatch watch;
  const Folder folder{arguments.output};
  if (!fs::is_directory(arguments.source))
    throw InputError("--source", arguments.source + " is not a folder", "a folder of scans");
  if (!arguments.method.empty()) method_info(arguments.method);  // throws for a name that is not known, before hours are spent
  const std::vector<std::string> words = source_words(arguments);
  claim_folder(folder.path, "run", folder.marker().filename().string(),
               {{"source", words},
                {"recipe", arguments.recipe},
                {"labelled", arguments.labelled},
                {"method", arguments.method.empty() ? "auto" : arguments.method},
                {"hours", arguments.hours}});
  const bool planned = fs::exists(folder.plan());
  if (!planned && !arguments.label_map.empty()) {
    log_info(
        "check is left out: it knows no label map, and would refuse values that the map explains; prepare judges each label");
  } else if (!planned) {
    std::vector<std::string> check = {"check", "--source", arguments.source};
    // A recipe of a data set says what files and labels mean.
    if (arguments.recipe != "generic") check.insert(check.end(), {"--recipe", arguments.recipe});
    show_and_run(check);
  }
  const Json plan = planned ? read_json(folder.plan()) : decide(arguments, folder);
  log_info(plan.at("roles").get<std::string>() + ". Decided:");
  for (const Json& reason : plan.at("reasons")) log_info("  " + reason.get<std::string>());

  std::vector<std::string> prepare = {"prepare"};
  prepare.insert(prepare.end(), words.begin(), words.end());
  prepare.insert(prepare.end(), {"--dataset", folder.dataset().string(), "--recipe", arguments.recipe});
  if (const auto labelled = plan.at("labelled").get<std::string>(); !labelled.empty())
    prepare.insert(prepare.end(), {"--labelled", labelled});
  for (const Json& line : plan.at("prepare")) prepare.insert(prepare.end(), {"--set", line.get<std::string>()});
  show_and_run(prepare);

  const RunFolder trained = folder.run();
  if (fs::exists(trained.costs())) {
    log_info(trained.path.string() + ": is trained");
  } else {
    std::vector<std::string> train = {
        "train", "--dataset", folder.dataset().string(), "--config", folder.config().string(), "--run", trained.path.string()};
    if (fs::exists(trained.config())) train.emplace_back("--resume");
    show_and_run(train);
  }
  const Split split = Dataset::open(folder.dataset()).split();
  const std::string role = !split.cases(Role::kTest).empty()         ? "test"
                           : !split.cases(Role::kValidation).empty() ? "validation"
                                                                     : "";
  std::cout << "network: " << trained.path.string() << "\n";
  if (role.empty()) {
    log_warning("no test and no validation case: nothing says how good the network is (--test, --validation)");
  } else {
    show_and_run({"evaluate", "--run", trained.path.string(), "--role", role});
    write_page(folder.page(), page_of(folder, plan, role));
    std::cout << "page:    " << fs::absolute(folder.page()).lexically_normal().string() << "\n";
  }
  std::cout << "use:     textsemiseg predict --run " << trained.path.string() << " --input SCAN --output LABELS.nii.gz\n"
            << "in " << format_duration(watch.seconds()) << "\n";
}

}  // namespace

std::function<void()> declare_run(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  app.add_option("--source", arguments->source, "folder of scans, some of them with labels, as for prepare")
      ->type_name("PATH")
      ->required();
  app.add_option("--output", arguments->output, "folder to write; one that is there already is continued")
      ->type_name("FOLDER")
      ->capture_default_str();
  app.add_option("--hours", arguments->hours, "for the training")->capture_default_str()->check(above_zero());
  app.add_option("--method", arguments->method, "instead of the one chosen by the number of labelled scans")->type_name("METHOD");
  app.add_option("--recipe", arguments->recipe, "a name or a .toml file, as for prepare")
      ->type_name("RECIPE")
      ->capture_default_str();
  app.add_option("--classes", arguments->classes, "class names where the source has none, background first, with commas between")
      ->type_name("NAMES");
  app.add_option("--label-map", arguments->label_map, "stored values of a class, as for prepare")
      ->type_name("VALUES=CLASS")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--unlabelled", arguments->unlabelled, "a further folder of scans, which are unlabelled cases")
      ->type_name("FOLDER")
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--labelled", arguments->labelled,
                 "labelled training cases: a number or a percentage (default: all that have a label)");
  app.add_option("--validation", arguments->validation, "validation cases: a number or a percentage (10%)");
  app.add_option("--test", arguments->test, "test cases: the same (20%)");
  app.add_option("--split", arguments->split, "a split file, or a published one, instead of a drawn one")->type_name("FILE");
  app.add_option("--seed", arguments->seed, "of the split and the training")->capture_default_str()->check(at_least(0));
  return [arguments] { run(*arguments); };
}

}  // namespace tss
