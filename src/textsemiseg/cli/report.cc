// textsemiseg report: what runs came to, as one HTML file, or as a figure for a paper.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/page/page_assets.h"
#include "textsemiseg/page/pictures.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/page/shown_case.h"
#include "textsemiseg/report/figure.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/runs/study_record.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> folders;
  std::string output, role, dataset, cases, against, title, figure, plane = "axial";
  double megabytes = 8;
  bool overwrite = false;
};

// Before any work is done. Devices and pipes are written through.
void require_new(const fs::path& file, bool overwrite) {
  std::error_code ignored;
  if (!overwrite && fs::is_regular_file(file, ignored)) throw InputError(file.string(), "exists", "a new name, or --overwrite");
}

bool is_study(const fs::path& folder) { return fs::exists(StudyFolder{folder}.record()); }

bool has_results(const fs::path& run, const std::string& role) { return fs::exists(RunFolder{run}.results(role).summary()); }

bool is_trained(const fs::path& run) { return fs::exists(RunFolder{run}.train_state("last")); }

// The runs of the folders given; of a study those that are there.
std::vector<fs::path> runs_of(const Arguments& arguments) {
  std::vector<fs::path> out;
  for (const std::string& folder : arguments.folders) {
    if (!fs::is_directory(folder)) throw InputError(folder, "is not a folder", "a run of train, or a folder of study");
    if (!is_study(folder)) {
      out.emplace_back(folder);
      continue;
    }
    if (arguments.folders.size() > 1) throw InputError(folder, "is a study", "one study alone, or folders of runs");
    const StudyFolder study{folder};
    for (const StudyRecordRow& row : read_study_record(study).rows.list)
      for (const std::string& run : row.runs) out.push_back(study.run(run).path);
  }
  return out;
}

// Test scores where any run has them: they are shown, nothing is chosen by them. Else validation. Test cases are read when somebody asks
// for it: a run without test scores beside one that has them is refused here, not scored.
std::string default_role(const std::vector<fs::path>& runs) {
  for (const char* role : {"test", "validation"}) {
    if (std::any_of(runs.begin(), runs.end(), [&](const fs::path& run) { return has_results(run, role); })) return role;
  }
  return "validation";
}

void refuse_missing_test_scores(const std::vector<fs::path>& runs) {
  for (const fs::path& run : runs) {
    if (!has_results(run, "test") && is_trained(run))
      throw InputError(run.string(), "has no test scores, others here have",
                       "textsemiseg evaluate --run " + run.string() +
                           " --role test first, or --role test (scores it now) or --role validation here");
  }
}

// Run folders given by name and not scored yet are scored here, as evaluate does it; the runs of a study are shown as they are.
void score_missing(const std::vector<fs::path>& runs, const std::string& role) {
  for (const fs::path& run : runs) {
    if (has_results(run, role) || !is_trained(run)) continue;
    const std::vector<std::string> words{"evaluate", "--run", run.string(), "--role", role};
    log_info("no scores yet: textsemiseg " + join(words, " "));
    run_verb(words);
  }
}

// The cases asked for; else the worst, median and best of the row with the best mean, on which all the others then stand.
std::vector<std::string> figure_cases(const Comparison& comparison, const std::vector<std::string>& asked_for) {
  for (const std::string& id : asked_for) {
    if (std::find(comparison.cases.begin(), comparison.cases.end(), id) == comparison.cases.end())
      throw InputError("--cases", "no scored case '" + id + "'" + did_you_mean(id, comparison.cases),
                       "ids of " + comparison.role + " cases");
  }
  if (!asked_for.empty()) return asked_for;
  const std::vector<Cell>& cells = comparison.metric("dice").mean().cells;
  const auto best = std::max_element(cells.begin(), cells.end(), [](const Cell& a, const Cell& b) {
    return a.estimate.mean.value_or(-1) < b.estimate.mean.value_or(-1);
  });
  std::vector<std::string> out;
  for (const Pick& pick : picks_of(best->cases)) out.push_back(comparison.cases[pick.index]);
  return out;
}

int axis_of_plane(const std::string& plane) { return plane == "sagittal" ? 0 : plane == "coronal" ? 1 : 2; }

void make_figure(const Arguments& arguments, const Study& study, const Comparison& comparison,
                 const std::vector<std::string>& asked_for) {
  Figure figure;
  figure.class_names = comparison.class_names;
  figure.axis = axis_of_plane(arguments.plane);
  for (const RowInfo& row : comparison.rows) figure.columns.push_back(row.title);
  CaseReader reader(study, arguments.dataset);
  const std::vector<Cell>& dice = comparison.metric("dice").mean().cells;
  MissingPredictions missing;
  for (const std::string& id : figure_cases(comparison, asked_for)) {
    ShownCase one = reader.read(id, true);
    missing.add(id, one);
    FigureRow row{id, std::move(one.image), std::move(one.reference), std::move(one.predictions), {}};
    const auto index =
        static_cast<size_t>(std::find(comparison.cases.begin(), comparison.cases.end(), id) - comparison.cases.begin());
    for (size_t r = 0; r < study.rows.size(); ++r) {
      const auto& value = dice[r].cases[index];
      row.captions.push_back(value ? concat("Dice ", fixed(100 * *value, 1), " %") : "Dice undefined");
    }
    figure.rows.push_back(std::move(row));
  }
  for (const std::string& sentence : missing.sentences(figure.columns)) log_warning(sentence);
  write_figure(arguments.figure, figure);
  std::cout << arguments.figure << ": " << figure.columns.size() << (figure.columns.size() == 1 ? " method by " : " methods by ")
            << figure.rows.size() << (figure.rows.size() == 1 ? " case\n" : " cases\n");
}

void run(const Arguments& arguments) {
  if (!arguments.figure.empty()) {
    check_figure_path(arguments.figure);
    require_new(arguments.figure, arguments.overwrite);
  }
  const std::string output = arguments.output.empty() ? "report.html" : arguments.output;
  const bool wants_page = arguments.figure.empty() || !arguments.output.empty();
  if (wants_page) require_new(output, arguments.overwrite);
  const std::vector<fs::path> runs = runs_of(arguments);
  const std::string role = arguments.role.empty() ? default_role(runs) : role_name(role_from_name(arguments.role));
  const bool study_folder = is_study(arguments.folders.front());
  if (!study_folder && arguments.role.empty() && role == "test") refuse_missing_test_scores(runs);
  if (!study_folder) score_missing(runs, role);
  const Study study = study_folder ? read_study(arguments.folders.front(), role) : study_of_runs(runs, role);
  CompareOptions compare_options;
  compare_options.against = arguments.against;
  // Rows without a score have no place in a picture of scores; what is missing stands in the warnings.
  Study shown = study;
  std::erase_if(shown.rows, [](const StudyRow& row) { return row.scored().empty(); });
  Comparison comparison = compare(shown, compare_options);
  comparison.obstacles = obstacles(study, comparison.settings);
  if (!arguments.title.empty()) comparison.title = arguments.title;

  RunPageOptions options;
  options.dataset = arguments.dataset;
  options.megabytes = arguments.megabytes;
  for (const std::string& id : split(arguments.cases, ',')) {
    if (!trim(id).empty()) options.cases.push_back(trim(id));
  }
  if (!arguments.figure.empty()) {
    make_figure(arguments, shown, comparison, options.cases);
    if (!wants_page) return;
  }
  const Page page = page_of_study(shown, comparison, options);
  const size_t bytes = write_page(output, page);
  std::cout << output << ": " << comparison.rows.size() << (comparison.rows.size() == 1 ? " row, " : " rows, ")
            << comparison.cases.size() << " " << role << " cases, " << page.cases->volumes.size() << " of them in the viewer, "
            << fixed(static_cast<double>(bytes) / 1e6, 1) << " MB\n";
  if (!page_assets().interactive())
    log_warning("built without NiiVue and uPlot (npm): the page has still pictures; tools/setup.sh says what is missing");
}

}  // namespace

std::function<void()> declare_report(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  app.add_option("folders", arguments->folders, "folders of runs, or the folder of one study")->type_name("FOLDER")->required();
  app.add_option("--output", arguments->output, "the HTML file (default report.html; with --figure alone no page is written)")
      ->type_name("PATH");
  app.add_option("--role", arguments->role,
                 "scores of which cases; runs that lack them are scored (default: test where every run has them, validation "
                 "where none has)")
      ->type_name("ROLE");
  app.add_option("--dataset", arguments->dataset, "prepared folder, where it is not the one of the training")
      ->type_name("FOLDER");
  app.add_option("--cases", arguments->cases, "ids, with commas: shown besides the worst, median and best ones");
  app.add_option("--figure", arguments->figure, ".png or .svg: methods by cases with outlines and Dice, for a paper")
      ->type_name("FILE");
  app.add_option("--plane", arguments->plane, "of the figure: axial, coronal or sagittal")
      ->capture_default_str()
      ->check(CLI::IsMember({"axial", "coronal", "sagittal"}));
  app.add_option("--against", arguments->against, "row that the others are tested against, or best (default as compare)");
  app.add_flag("--overwrite", arguments->overwrite, "replace files that exist");
  app.add_option("--title", arguments->title, "headline of the page");
  app.add_option("--megabytes", arguments->megabytes, "most that volumes and pictures may take")
      ->capture_default_str()
      ->check(CLI::Range(1.0, 1000.0));
  return [arguments] { run(*arguments); };
}

}  // namespace tss
