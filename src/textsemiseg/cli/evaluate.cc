// textsemiseg evaluate: scores of label maps against references.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/score_files.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {
namespace {

struct EvaluateArguments {
  std::string reference, prediction;
  std::string classes, empty = "undefined", csv;
  bool json = false;
};

void run_files(const EvaluateArguments& arguments) {
  std::vector<std::string> class_names;
  if (!arguments.classes.empty()) {
    for (const std::string& name : split(arguments.classes, ',')) class_names.push_back(trim(name));
  }
  const ScoreOptions options{.empty = empty_rule_from_name(arguments.empty), .distances = true};
  const ScoreSet set = score_pairs(pair_files(arguments.reference, arguments.prediction), class_names, options);
  if (!arguments.csv.empty()) write_cases_csv(arguments.csv, set);
  if (arguments.json) {
    std::cout << scores_json(set).dump(2) << "\n";
    return;
  }
  if (set.labels().empty()) log_warning("neither reference nor prediction holds a label above 0: there is nothing to score");
  std::cout << concat(set.cases.size(), set.cases.size() == 1 ? " case" : " cases, mean ± standard deviation [95 % bootstrap interval]",
                      "\n", score_table(set));
}

void run(const EvaluateArguments& arguments) {
  if (arguments.reference.empty() || arguments.prediction.empty()) {
    throw UsageError("evaluate: give --reference and --prediction, or --run and --role");
  }
  run_files(arguments);
}

}  // namespace

std::function<void()> declare_evaluate(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  app.add_option("--reference", arguments->reference, "label map, or a folder of label maps");
  app.add_option("--prediction", arguments->prediction, "label map, or a folder with the same file names");
  app.add_option("--classes", arguments->classes, "class names, background first, with commas between (default: the labels found)");
  app.add_option("--empty", arguments->empty, "what an empty mask scores: undefined, zeros or zeros_hundreds (docs/metrics.md)")
      ->capture_default_str();
  app.add_option("--csv", arguments->csv, "also write the scores of each case to this file");
  app.add_flag("--json", arguments->json, "scores as JSON on standard output");
  return [arguments] { run(*arguments); };
}

}  // namespace tss
