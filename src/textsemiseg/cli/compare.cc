// textsemiseg compare: rows of a study, or runs, in one table with intervals, paired tests and ranks.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/comparison/comparison_files.h"
#include "textsemiseg/comparison/document.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/runs/run_folder.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

struct CompareArguments {
  std::vector<std::string> folders;
  std::string role = "test", against, metrics = "dice";
  std::string csv, json, markdown, latex, out;
  bool print_json = false;
};

Study read(const CompareArguments& arguments) {
  const std::string role = role_name(role_from_name(arguments.role));
  if (arguments.folders.size() == 1 && fs::exists(StudyFolder{arguments.folders.front()}.record()))
    return read_study(arguments.folders.front(), role);
  std::vector<fs::path> runs;
  for (const std::string& folder : arguments.folders) {
    if (fs::exists(StudyFolder{folder}.record())) throw InputError(folder, "is a study", "one study alone, or folders of runs");
    runs.emplace_back(folder);
  }
  return study_of_runs(runs, role);
}

std::vector<std::string> chosen_metrics(const std::string& text) {
  return text == "all" ? compared_metric_names() : comma_list(text);
}

// --json takes a file or nothing, so it may have taken a folder of runs that follows it.
void refuse_folder(const char* option, const std::string& file) {
  if (!file.empty() && fs::is_directory(file))
    throw InputError(option, file + " is a folder", concat("a file to write; the folders to compare stand before ", option));
}

// Runs are read, never written to.
void check_table_file(const std::string& file, const Study& study) {
  const fs::path target = fs::weakly_canonical(file);
  for (const StudyRow& row : study.rows) {
    for (const RunResults& run : row.runs) {
      const fs::path folder = fs::weakly_canonical(run.folder);
      const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), target.begin(), target.end());
      if (end == folder.end()) throw InputError(file, "lies in the run " + run.folder.string(), "a place outside of the runs");
    }
  }
}

void run(CompareArguments arguments) {
  refuse_folder("--csv", arguments.csv);
  refuse_folder("--json", arguments.json);
  refuse_folder("--markdown", arguments.markdown);
  refuse_folder("--latex", arguments.latex);
  const std::vector<std::string> metrics = chosen_metrics(arguments.metrics);
  const Study study = read(arguments);
  if (!arguments.out.empty()) {
    const fs::path folder = arguments.out;
    const auto fill = [&](std::string& file, const char* name) {
      if (file.empty()) file = (folder / name).string();
    };
    fill(arguments.csv, "comparison.csv");
    fill(arguments.json, "comparison.json");
    fill(arguments.markdown, "comparison.md");
    fill(arguments.latex, "comparison.tex");
  }
  for (const std::string& file : {arguments.csv, arguments.json, arguments.markdown, arguments.latex}) {
    if (!file.empty()) check_table_file(file, study);
  }
  CompareOptions options;
  options.against = arguments.against;
  const Comparison comparison = compare(study, options);
  const Document document = document_of(comparison, metrics);
  if (arguments.print_json)
    std::cout << comparison_json(comparison).dump(2) << "\n";
  else
    std::cout << render_text(document);
  if (!arguments.csv.empty()) write_text_file(arguments.csv, comparison_csv(comparison));
  if (!arguments.json.empty()) write_json(arguments.json, comparison_json(comparison));
  if (!arguments.markdown.empty()) write_text_file(arguments.markdown, render_markdown(document));
  if (!arguments.latex.empty()) write_text_file(arguments.latex, render_latex(document));
  for (const std::string& warning : comparison.obstacles) log_warning("not comparable: " + warning);
}

}  // namespace

std::function<void()> declare_compare(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  app.add_option("folders", arguments->folders,
                 "folder of a study, or folders of runs (runs that differ in the seed alone make a row)")
      ->type_name("FOLDER")
      ->required();
  app.add_option("--role", arguments->role, "scores of which cases")->type_name("ROLE")->capture_default_str();
  app.add_option("--against", arguments->against,
                 "row that the others are tested against, or best (default: supervised, else the first row)");
  app.add_option("--metric", arguments->metrics,
                 "shown by class and with tests: " + join(compared_metric_names(), ", ") + ", several with commas, or all")
      ->type_name("METRICS")
      ->capture_default_str();
  app.add_option("--csv", arguments->csv, "one line per row, metric and class")->type_name("FILE");
  const CLI::Option* json =
      app.add_option("--json", arguments->json,
                     "every number, p values and case scores included; without a file: on standard output in place of the tables")
          ->type_name("FILE")
          ->expected(0, 1);
  app.add_option("--markdown", arguments->markdown, "tables as on the terminal")->type_name("FILE");
  app.add_option("--latex", arguments->latex, "the same, to \\input with booktabs")->type_name("FILE");
  app.add_option("--out", arguments->out, "folder: writes all four as comparison.csv, .json, .md and .tex")->type_name("PATH");
  return [arguments, json] {
    arguments->print_json = json->count() > 0 && arguments->json.empty();
    run(*arguments);
  };
}

}  // namespace tss
