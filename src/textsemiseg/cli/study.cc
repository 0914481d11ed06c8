// textsemiseg study: a plan of several methods, trained and scored run by run.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <thread>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/recorded_text_encoder.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/study/slurm.h"
#include "textsemiseg/study/study_runner.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

struct StudyArguments {
  std::string plan, dataset, out, plan_dataset, split;
  std::vector<std::string> rows, overrides, devices;
  std::vector<int64_t> seed_list;
  int64_t labelled = 0, seeds = 1, iterations = 0, jobs = 1, threads = 0, only_index = -1;
  double stale_after = 300;
  bool evaluate = true, wait = false, dry_run = false, slurm = false, list = false, json = false;
};

StudyRequest request_of(const StudyArguments& arguments) {
  StudyRequest request{.out = arguments.out,
                       .dataset = arguments.dataset,
                       .split = arguments.split,
                       .plan_dataset = arguments.plan_dataset,
                       .labelled = arguments.labelled,
                       .rows = arguments.rows,
                       .seeds = arguments.seed_list,
                       .over = Json::object()};
  for (int64_t seed = 0; request.seeds.size() < static_cast<size_t>(arguments.seeds) && arguments.seed_list.empty(); ++seed)
    request.seeds.push_back(seed);
  if (arguments.iterations > 0) request.over["train"]["iterations"] = arguments.iterations;
  for (const std::string& assignment : arguments.overrides) apply_override(request.over, assignment);
  return request;
}

RunConfig config_of(const PlannedStudy& study, const StudyRun& run) {
  Json tree = run.configuration;
  tree["dataset"] = study.request.dataset.string();
  return make_run_config(tree, study.plan.origin + ", row " + run.row);
}

// What the rows with class texts read them with on this machine; where text.source is auto that depends on what is installed.
std::string text_encoder_of(const PlannedStudy& study) {
  const DatasetRecord record = read_dataset_record(study.request.dataset);
  std::map<std::string, std::string> known;  // by [text]: loading an encoder takes a moment
  std::vector<std::string> found;
  for (const StudyRun& run : study.runs) {
    const RunConfig config = config_of(study, run);
    if (!method_info(config.method).uses_text(config.method_options)) continue;
    TextOptions options = config.text;
    options.prompt_length = 0;
    options.prompt_template.clear();
    std::string& words = known[write_options(options).dump()];
    if (words.empty()) {
      const auto source = make_text_source(options, record.class_names, 0, record.class_texts);
      std::vector<std::string> sources;
      for (const ClassText& text : source->classes()) sources.push_back(text.source);
      words = recorded_text_encoder(sources, source->encoder_hash()).describe();
    }
    if (std::find(found.begin(), found.end(), words) == found.end()) found.push_back(words);
  }
  if (found.size() > 1)
    log_warning("the rows read class texts with different encoders, so that compare will not call them comparable: " +
                join(found, "; "));
  return join(found, "; ");
}

RunnerOptions runner_options(const StudyArguments& arguments) {
  RunnerOptions options;
  options.jobs = arguments.jobs;
  options.devices = arguments.devices;
  options.threads = arguments.threads;
  // Several programs with all the cores each would only get into each other's way.
  if (options.threads == 0 && options.jobs > 1)
    options.threads = std::max<int64_t>(1, static_cast<int64_t>(std::thread::hardware_concurrency()) / options.jobs);
  options.evaluate = arguments.evaluate;
  options.wait = arguments.wait;
  options.stale_after = arguments.stale_after;
  options.heartbeat = std::min(30.0, arguments.stale_after / 4);
  return options;
}

// The command that was typed, for a job script that any directory can run.
std::vector<std::string> command_of(const StudyArguments& a) {
  const auto place = [](const std::string& path) { return fs::absolute(path).lexically_normal().string(); };
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  std::vector<std::string> words = {program.empty() ? "textsemiseg" : program.string(),
                                    "study",
                                    "--plan",
                                    fs::exists(a.plan) ? place(a.plan) : a.plan,
                                    "--dataset",
                                    place(a.dataset),
                                    "--out",
                                    place(a.out)};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty() && value != "0") words.insert(words.end(), {name, value});
  };
  add("--plan-dataset", a.plan_dataset);
  add("--labelled", concat(a.labelled));
  add("--rows", join(a.rows, ","));
  if (a.seed_list.empty())
    add("--seeds", concat(a.seeds));
  else
    words.insert(words.end(), {"--seed-list", join(a.seed_list, ",")});
  add("--split", fs::exists(a.split) ? place(a.split) : a.split);
  add("--iterations", concat(a.iterations));
  add("--threads", concat(a.threads));
  add("--devices", join(a.devices, ","));
  for (const std::string& assignment : a.overrides) add("--set", assignment);
  if (!a.evaluate) words.push_back("--no-evaluate");
  return words;
}

void list_plans(bool json) {
  Json out = Json::array();
  for (const std::string& name : plan_names()) {
    const Plan plan = read_plan(name);
    std::vector<std::string> rows, datasets;
    for (const PlanRow& row : plan.rows) rows.push_back(row.name);
    for (const PlanDataset& dataset : plan.datasets)
      datasets.push_back(concat(dataset.name, " (", join(dataset.labelled, ", "), ")"));
    out.push_back({{"name", name}, {"title", plan.title}, {"source", plan.source}, {"rows", rows}, {"datasets", datasets}});
    if (json) continue;
    std::cout << name << ": " << plan.title << "\n  source:   " << plan.source << "\n  datasets: " << join(datasets, ", ")
              << "\n  rows:     " << join(rows, ", ") << "\n";
  }
  if (json) std::cout << out.dump(2) << "\n";
}

void print_statuses(const PlannedStudy& study, const std::vector<RunStatus>& statuses, bool json) {
  if (!json) {
    std::cout << describe(study, statuses);
    return;
  }
  Json out = Json::array();
  for (size_t i = 0; i < statuses.size(); ++i)
    out.push_back({{"run", study.runs[i].name},
                   {"row", study.runs[i].row},
                   {"seed", study.runs[i].seed},
                   {"state", run_state_name(statuses[i].state)},
                   {"detail", statuses[i].detail}});
  std::cout << out.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

// What a reader of the log needs before hours go by.
void introduce(const PlannedStudy& study) {
  log_info(
      concat(study.plan.title, " on ", study.dataset_name, ": ", study.runs.size(), " runs in ", study.request.out.string()));
  const auto has_figures = [](const PlanRow& row) { return !row.published.empty(); };
  if (std::none_of(study.plan.rows.begin(), study.plan.rows.end(), has_figures))
    log_info(study.plan_dataset ? "settings of " + study.plan_dataset->title : "the plan's common settings apply");
  else if (study.published_count)
    log_info(
        concat("settings and published figures of ", study.plan_dataset->title, ", ", *study.published_count, " labelled cases"));
  else if (study.plan_dataset && !study.not_as_published.empty())
    log_warning(concat("settings of ", study.plan_dataset->title,
                       ", without its published figures: ", join(study.not_as_published, "; ")));
  else if (study.plan_dataset)
    log_info(concat("settings of ", study.plan_dataset->title, "; nothing is published for ", study.labelled_cases,
                    " labelled cases"));
  else
    log_info("no --plan-dataset: the plan's common settings apply, and no published figures");
  if (!study.text_encoder.empty()) log_info("text encoder of the rows that have class texts: " + study.text_encoder);
  if (study.test_cases == 0) log_warning("the split has no test cases: nothing will be scored");
}

void report_end(const PlannedStudy& study, const std::vector<RunStatus>& statuses) {
  std::vector<std::string> failed, elsewhere;
  for (size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i].state == RunState::kFailed) failed.push_back(study.runs[i].name);
    if (statuses[i].state == RunState::kElsewhere) elsewhere.push_back(study.runs[i].name);
  }
  if (!elsewhere.empty())
    log_info(concat(elsewhere.size(), " of ", statuses.size(),
                    " runs are in other hands (--wait stays until they are done): ", join(elsewhere, ", ")));
  if (!failed.empty()) throw Error(concat(failed.size(), " of ", statuses.size(), " runs failed: ", join(failed, ", ")));
}

void run(const StudyArguments& arguments) {
  if (arguments.list) return list_plans(arguments.json);
  for (const auto& [option, value] :
       {std::pair{"--plan", &arguments.plan}, {"--dataset", &arguments.dataset}, {"--out", &arguments.out}})
    if (value->empty()) throw UsageError(std::string(option) + " is required");
  PlannedStudy study = make_study(read_plan(arguments.plan), request_of(arguments));
  for (const StudyRun& run : study.runs) config_of(study, run);  // a row that cannot be trained is found before the first hour
  study.text_encoder = text_encoder_of(study);
  if (arguments.slurm) {
    std::cout << slurm_script((fs::absolute(study.request.out) / "").lexically_normal().parent_path().filename().string(),
                              command_of(arguments),
                              StudyFolder{fs::absolute(study.request.out)}.logs().lexically_normal().string(),
                              static_cast<int64_t>(study.runs.size()), arguments.jobs > 1 ? arguments.jobs : 0);
    fs::create_directories(study.folder().logs());  // sbatch makes no folder for its output
    write_study_record(study);
    return;
  }
  const ConfigurationDifference difference = [&](const StudyRun& run) {
    return resume_difference(read_run_config(study.folder().run(run.name).path), config_of(study, run));
  };
  const RunnerOptions options = runner_options(arguments);
  introduce(study);
  if (!arguments.dry_run) write_study_record(study);
  if (arguments.only_index >= 0) {
    if (arguments.only_index >= static_cast<int64_t>(study.runs.size()))
      throw UsageError(concat("--only-index: found ", arguments.only_index, "; expected 0 to ", study.runs.size() - 1));
    study.runs = {study.runs[static_cast<size_t>(arguments.only_index)]};
  }
  const std::vector<RunStatus> statuses =
      arguments.dry_run ? survey(study, options, difference) : work_through(study, options, difference);
  print_statuses(study, statuses, arguments.json);
  if (!arguments.dry_run) report_end(study, statuses);
}

}  // namespace

std::function<void()> declare_study(CLI::App& app) {
  auto a = std::make_shared<StudyArguments>();
  app.add_option("--plan", a->plan, "a plan's file, or the name of one of the program's own (--list)")->type_name("PLAN");
  app.add_option("--dataset", a->dataset, "folder made by prepare")->type_name("FOLDER");
  app.add_option("--out", a->out, "folder of the study; runs in it are kept or continued")->type_name("PATH");
  app.add_option("--plan-dataset", a->plan_dataset,
                 "which dataset of the plan this is: its settings and published figures apply");
  app.add_option("--labelled", a->labelled, "labelled cases of the published figures (default: those of the split)")
      ->check(at_least(1));
  app.add_option("--rows", a->rows, "only these rows of the plan, with commas between")->delimiter(',');
  CLI::Option* seeds = app.add_option("--seeds", a->seeds, "runs of each row: seeds 0, 1, ...")->check(at_least(1));
  app.add_option("--seed-list", a->seed_list, "these seeds instead: 3,7")->delimiter(',')->check(at_least(0))->excludes(seeds);
  app.add_option("--split", a->split, "a split file or a fold's name (fold_0) instead of split.json")->type_name("FILE");
  app.add_option("--iterations", a->iterations, "of every run, instead of the plan's")->check(at_least(1));
  app.add_option("--set", a->overrides, "section.key=value, over the configuration of every row")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--jobs", a->jobs, "runs at a time (with --slurm: tasks at a time)")->check(at_least(1));
  app.add_option("--devices", a->devices, "given out in turn to the jobs: cuda:0,cuda:1")->delimiter(',');
  app.add_option("--threads", a->threads, "of the CPU for each run (default: the plan's, or the cores shared among the jobs)")
      ->check(at_least(1));
  app.add_flag("--evaluate,!--no-evaluate", a->evaluate, "score the test cases after training (default)");
  app.add_flag("--wait", a->wait, "stay until the runs that others work on are done, and take over those that are abandoned");
  app.add_option("--stale-after", a->stale_after, "seconds without a sign of life after which another's run is taken over")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  app.add_flag("--dry-run", a->dry_run, "only say what there is and what would be done");
  app.add_flag("--slurm", a->slurm, "print an sbatch script: one task per run");
  app.add_option("--only-index", a->only_index, "only this run of the list, from 0 (for job arrays)")->check(at_least(0));
  app.add_flag("--list", a->list, "the program's own plans");
  app.add_flag("--json", a->json, "states as JSON on standard output");
  return [a] { run(*a); };
}

}  // namespace tss
