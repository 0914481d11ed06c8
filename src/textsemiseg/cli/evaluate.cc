// textsemiseg evaluate: scores of label maps against references.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/prediction_options.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/engine/device.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/workflows/output_guard.h"
#include "textsemiseg/workflows/probe_run.h"
#include "textsemiseg/workflows/score_files.h"
#include "textsemiseg/workflows/score_run.h"

namespace tss {
namespace {

struct EvaluateArguments {
  std::string reference, prediction;
  std::string classes, empty, csv;
  std::string run, role = "test", dataset, split;
  bool json = false;
  int64_t probe_cases = 5;
  double grid_tolerance = kGridTolerance;
  PredictionSettings with;
};

constexpr const char* kSeveral = " cases, mean ± standard deviation [95 % bootstrap interval]";

std::string number_of_cases(const ScoreSet& set) {
  return concat(set.cases.size(), set.cases.size() == 1 ? " case" : kSeveral, "\n");
}

void run_files(const EvaluateArguments& arguments) {
  const std::vector<std::string> class_names = class_name_list(arguments.classes);
  if (!arguments.csv.empty()) require_table_file(arguments.csv, {arguments.reference, arguments.prediction});
  const ScoreOptions options{.empty = empty_rule_from_name(arguments.empty.empty() ? "undefined" : arguments.empty),
                             .distances = true};
  const ScoreSet set =
      score_pairs(pair_files(arguments.reference, arguments.prediction), class_names, options, arguments.grid_tolerance);
  if (!arguments.csv.empty()) write_cases_csv(arguments.csv, set);
  if (arguments.json) {
    std::cout << scores_json(set).dump(2) << "\n";
    return;
  }
  if (set.labels().empty()) log_warning("neither reference nor prediction holds a label above 0: there is nothing to score");
  std::cout << number_of_cases(set) << score_table(set);
}

// Methods with class texts: what the texts do belongs to the result. The predictions are there already.
std::optional<ProbedRun> probe(const LoadedRun& loaded, const EvaluateArguments& arguments) {
  if (arguments.probe_cases <= 0 || !loaded.method->class_texts().defined()) return std::nullopt;
  log_info(concat("text probe on at most ", arguments.probe_cases, " cases (--text-probe 0 leaves it out)"));
  ProbeRunOptions options;
  options.role = arguments.role;
  options.dataset = arguments.dataset;
  options.split = arguments.split;
  options.cases = arguments.probe_cases;
  options.checkpoint = arguments.with.checkpoint;
  options.device = arguments.with.device;
  return probe_run(loaded, options);
}

void run_run(const EvaluateArguments& arguments) {
  set_threads(arguments.with.threads);
  if (!arguments.csv.empty()) require_table_file(arguments.csv, {}, arguments.run);
  const LoadedRun loaded = load_run(arguments.run, arguments.with.checkpoint);
  ScoreRunOptions options;
  options.role = role_from_name(arguments.role);
  options.dataset = arguments.dataset;
  options.split = arguments.split;
  options.predictions = arguments.prediction;
  options.empty_rule = arguments.empty;
  options.predictor = predictor_options(loaded, arguments.with);
  const RunScores result = score_run(loaded, options);
  const std::optional<ProbedRun> probed = probe(loaded, arguments);
  if (!arguments.csv.empty()) write_cases_csv(arguments.csv, result.scores);
  if (arguments.json) {
    Json out = scores_json(result.scores);
    out["summary"] = result.summary;
    if (probed) out["text_probe"] = probed->json;
    std::cout << out.dump(2) << "\n";
    return;
  }
  std::cout << loaded.record.name << ": " << loaded.config.method << ", " << loaded.chosen << "\n";
  for (const RecordedText& text : loaded.record.texts.list) std::cout << "text of " << text.name << ": " << text.source << "\n";
  std::cout << arguments.role << ", " << result.summary.at("grid").get<std::string>()
            << "; empty masks: " << empty_rule_name(result.scores.empty) << "; " << number_of_cases(result.scores)
            << score_table(result.scores);
  if (probed)
    std::cout << "other class texts, " << probed->probe.rows.front().cases.size() << " cases:\n" << describe(probed->probe);
  log_info(result.folder.empty() ? "not the run's own predictions, data set or split: nothing is written to " +
                                       RunFolder{loaded.folder}.results().string()
                                 : "written: " + ResultsFolder{result.folder}.cases().string() + ", summary.json");
}

// Options that would be ignored.
void require_no_idle_options(const CLI::App& app, bool with_run) {
  const std::set<std::string> everywhere = {"--prediction", "--empty", "--csv", "--json"},
                              files = {"--reference", "--classes", "--grid-tolerance"};
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() == 0 || option->get_group() == "Messages" || everywhere.contains(option->get_name())) continue;
    if (files.contains(option->get_name()) == with_run)
      throw UsageError("evaluate: " + option->get_name() +
                       (with_run ? " does not go with --run, whose dataset has references and classes" : " needs --run"));
  }
}

void run(const EvaluateArguments& arguments, const CLI::App& app) {
  require_no_idle_options(app, !arguments.run.empty());
  if (!arguments.run.empty()) {
    run_run(arguments);
    return;
  }
  if (arguments.reference.empty() || arguments.prediction.empty()) {
    throw UsageError("evaluate: give --reference and --prediction, or --run and --role");
  }
  run_files(arguments);
}

}  // namespace

std::function<void()> declare_evaluate(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  app.add_option("--reference", arguments->reference, "label map, or a folder of label maps")->type_name("PATH");
  app.add_option("--prediction", arguments->prediction, "label map, or a folder with the same file names")->type_name("PATH");
  app.add_option("--classes", arguments->classes,
                 "class names, background first, with commas between (default: the labels found)")
      ->type_name("NAMES");
  app.add_option("--empty", arguments->empty,
                 "what an empty mask scores: undefined (default), zeros or zeros_hundreds (default of the protocol published)")
      ->type_name("undefined|zeros|zeros_hundreds");
  app.add_option(
         "--grid-tolerance", arguments->grid_tolerance,
         "how far apart, in voxels, the grids of reference and prediction may lie at their corners, as when other programs "
         "round headers")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--csv", arguments->csv, "also write the scores of each case to this file")->type_name("FILE");
  app.add_option("--run", arguments->run,
                 "folder of a run: predicts (or takes --prediction), scores; writes RUN/results/<role> where predictions, data "
                 "set and split are its own")
      ->type_name("RUN");
  app.add_option("--role", arguments->role, "with --run: which cases of its dataset")->type_name("ROLE")->capture_default_str();
  app.add_option("--dataset", arguments->dataset, "with --run: another prepared dataset with the same classes")
      ->type_name("FOLDER");
  app.add_option("--split", arguments->split, "with --run: a split file or a fold's name instead of the run's")
      ->type_name("FILE");
  app.add_option("--text-probe", arguments->probe_cases, "with --run: cases on which the class texts are replaced; 0: none")
      ->capture_default_str();
  app.add_flag("--json", arguments->json, "scores as JSON on standard output");
  add_prediction_options(app, arguments->with);
  return [arguments, &app] { run(*arguments, app); };
}

}  // namespace tss
