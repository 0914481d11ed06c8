#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/shell_words.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/cli/setting_option.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/cli/watch_training.h"
#include "textsemiseg/engine/resume.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/engine/trainer.h"

namespace tss {
namespace {

struct Options {
  std::string run, config;
  Json given = Json::object();  // keys of the configuration that options of the verb name
  std::vector<std::string> overrides;
  bool resume = false;
  int64_t longer = 0;  // iterations in all; 0: not asked for
  bool no_tensorboard = false;
  WatchOptions watch;
};

// Options of the verb are written over the file, and --set over both.
Json tree_of(const Options& options) {
  Json tree = options.config.empty() ? Json::object() : read_toml(options.config);
  tree.merge_patch(options.given);
  for (const auto& assignment : options.overrides) apply_override(tree, assignment);
  return tree;
}

StartMode mode_of(const Options& options) {
  return options.longer > 0 ? StartMode::kLonger : options.resume ? StartMode::kResume : StartMode::kFresh;
}

RunConfig config_of(const Options& options) {
  const std::string source = options.config.empty() ? "command line" : options.config;
  Json tree = tree_of(options);
  if (mode_of(options) == StartMode::kFresh) return make_run_config(tree, source);
  // In the file of --config it may stand: that is the number the run began with.
  Json typed = options.given;
  for (const std::string& assignment : options.overrides) apply_override(typed, assignment);
  const Json train = typed.value("train", Json::object());
  if (options.longer > 0 && train.is_object() && train.contains("iterations"))
    throw UsageError("--longer gives the number of iterations in all: leave --iterations out");
  if (options.longer > 0) tree["train"]["iterations"] = options.longer;
  return config_of_begun_run(options.run, tree, source);
}

// As it was typed, so that the same word works again.
std::string program_word() {
  std::ifstream words("/proc/self/cmdline", std::ios::binary);
  std::string first;
  return std::getline(words, first, '\0') && !first.empty() ? first : "textsemiseg";
}

std::string command_to_go_on(const Options& options) {
  std::vector<std::string> words = {program_word(), "train", "--run", options.run, "--resume"};
  if (mode_of(options) != StartMode::kFresh && options.given.contains("dataset"))
    words.insert(words.end(), {"--dataset", options.given.at("dataset").get<std::string>()});
  if (options.watch.page) words.emplace_back("--page");
  if (options.no_tensorboard) words.emplace_back("--no-tensorboard");
  return shell_command(words);
}

void run(const Options& options) {
  const RunConfig config = config_of(options);
  if (config.dataset.empty()) throw UsageError("--dataset is required: a folder made by prepare");
  WatchOptions watching = options.watch;
  watching.tensorboard = !options.no_tensorboard;
  TrainingWatch watch(options.run, watching);
  TrainResult result;
  try {
    result = train(config, options.run, mode_of(options), watch.hooks());
  } catch (const Interrupted& stop) {
    watch.ended(concat("The training was ", stop.what(), "."));
    throw Interrupted(concat(stop.what(), "; to go on: ", command_to_go_on(options)));
  } catch (const std::exception& error) {
    watch.ended(std::string("The training has ended: ") + error.what() + ".");
    throw;
  }
  watch.ended(concat("Finished: ", result.iterations, " iterations",
                     result.best_score ? concat("; the checkpoint of iteration ", result.best_iteration,
                                                " was selected (validation Dice ", fixed(*result.best_score, 4), ")")
                                       : std::string(),
                     "."));
  log_info(concat("done: ", result.iterations, " iterations, ", format_duration(result.seconds), ", in ", options.run));
  if (result.skipped > 0) log_warning(concat(result.skipped, " steps were skipped because of their loss (train.nonfinite)"));
  if (result.best_score) log_info(concat("selected: iteration ", result.best_iteration, ", Dice ", fixed(*result.best_score, 4)));
}

}  // namespace

std::function<void()> declare_train(CLI::App& app) {
  auto options = std::make_shared<Options>();
  Json& given = options->given;
  add_setting<std::string>(app, given, "--dataset", "dataset", "folder made by prepare")->type_name("FOLDER");
  add_setting<std::string>(app, given, "--method", "method", "what to train; list names them (default text_semiseg)")
      ->type_name("METHOD");
  app.add_option("--run", options->run, "folder for the run")->type_name("RUN")->required();
  app.add_option("--config", options->config, "TOML file; --set and the options here win over it")->type_name("FILE");
  add_setting<int64_t>(app, given, "--iterations", "train.iterations", "optimiser steps (default 30000)")->check(at_least(1));
  add_setting<double>(app, given, "--time-budget", "train.time_budget",
                      "seconds for the whole run: sets the iterations once, at the start")
      ->check(above_zero());
  add_setting<int64_t>(app, given, "--seed", "seed", "of everything random (default 0)")->check(at_least(0));
  add_setting<std::string>(app, given, "--split", "split", "a split file or a fold's name (fold_0) instead of split.json")
      ->type_name("FILE");
  add_setting<std::string>(app, given, "--device", "train.device", "auto, cpu or cuda:N")->type_name("DEVICE");
  add_setting<std::string>(app, given, "--precision", "train.precision", "fp32 (default) or bf16")->type_name("fp32|bf16");
  add_setting<int64_t>(app, given, "--threads", "train.threads", "of the CPU (default: all cores)")->check(at_least(1));
  app.add_option("--set", options->overrides, "section.key=value, any option of the configuration")
      ->type_name("SECTION.KEY=VALUE")
      ->allow_extra_args(false);
  CLI::Option* resume =
      app.add_flag("--resume", options->resume, "go on with the run in --run from its last checkpoint; needs no other option");
  app.add_option("--longer", options->longer, "go on with the run in --run to so many iterations in all")
      ->type_name("INT")
      ->check(at_least(1))
      ->excludes(resume);
  add_setting<std::string>(app, given, "--init-from", "train.init_from",
                           "a run, or a checkpoint's file, whose weights the training starts from")
      ->type_name("PATH");
  app.add_flag("--page", options->watch.page, "write RUN/page.html while training: curves in a browser, which reloads by itself");
  app.add_flag("--no-tensorboard", options->no_tensorboard, "leave out RUN/tensorboard, the event files for TensorBoard");
  return [options] { run(*options); };
}

}  // namespace tss
