#include "textsemiseg/cli/program.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/memory.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> table = {
      // clang-format off
      {"demo", "trains two methods on made-up scans and leaves one page to look at",
       "textsemiseg demo --output textsemiseg-demo", declare_demo},
      {"prepare", "turn a folder of scans into a dataset: checks, recipe, cache, split",
       "textsemiseg prepare --source $DATA/hippocampus --dataset hippocampus --recipe generic --labelled 10% --seed 0", declare_prepare},
      {"train", "train one method into a run folder",
       "textsemiseg train --dataset hippocampus --method text_semiseg --run runs/text --iterations 2000", declare_train},
      {"predict", "label maps of raw scans, each on its own grid",
       "textsemiseg predict --run runs/hippocampus --input scan.nii.gz --output labels.nii.gz", declare_predict},
      {"evaluate", "score label maps: Dice, Jaccard, HD95, ASD, ASSD",
       "textsemiseg evaluate --reference labelsTs --prediction predictions --json", declare_evaluate},
      {"study", "train and score a whole plan of methods, run by run, on one machine or several",
       "textsemiseg study --plan table1 --dataset pancreas --plan-dataset pancreas_ct --out studies/table1 --seeds 3", declare_study},
      {"compare", "rows of a study, or runs, in one table: intervals, paired tests, ranks",
       "textsemiseg compare studies/table1 --out tables", declare_compare},
      {"check", "look through a dataset before training on it: names, labels, numbers of cases",
       "textsemiseg check --dataset hippocampus", declare_check},
      {"text", "what a text encoder makes of words, and what words do to a trained run",
       "textsemiseg text probe --run runs/text", declare_text},
      {"import", "take over what others trained: published checkpoints, text encoders",
       "textsemiseg import weights LA_mcnet.pth --run runs/mc_net --classes \"background,left atrium\" --recipe left_atrium", declare_import},
      {"export", "a run for other programs: weights under the authors' names, or an ONNX graph",
       "textsemiseg export --run runs/mc_net --output weights.safetensors", declare_export},
      {"doctor", "what this machine offers, and whether convolutions are right here",
       "textsemiseg doctor", declare_doctor},
      {"list", "methods, networks and text sources",
       "textsemiseg list --dataset hippocampus", declare_list},
      // clang-format on
  };
  return table;
}

void run_verb(const std::vector<std::string>& words) {
  for (const Verb& verb : verbs()) {
    if (words.empty() || words.front() != verb.name) continue;
    CLI::App app{verb.summary, verb.name};
    const std::function<void()> action = verb.declare(app);
    try {
      app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1));  // CLI11 takes them last to first
    } catch (const CLI::ParseError& error) {
      throw UsageError(join(words, " ") + ": " + error.what());
    }
    action();
    return;
  }
  throw UsageError("no such verb: " + join(words, " "));
}

int run_program(int argc, char** argv) {
  keep_freed_memory();
  CLI::App app{"Semi-supervised 3D medical image segmentation", "textsemiseg"};
  app.set_version_flag("--version", "textsemiseg 0.1.0");
  app.require_subcommand(1);
  bool quiet = false, verbose = false;
  app.add_flag("--quiet,-q", quiet, "only warnings and errors");
  app.add_flag("--verbose", verbose, "more messages");
  std::function<void()> chosen;
  for (const Verb& verb : verbs()) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.summary);
    sub->footer(std::string("Example:\n  ") + verb.example);
    sub->fallthrough();
    auto action = verb.declare(*sub);
    sub->callback([&chosen, action = std::move(action)] { chosen = action; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  set_log_level(quiet ? LogLevel::kQuiet : verbose ? LogLevel::kVerbose : LogLevel::kNormal);
  try {
    chosen();
    return 0;
  } catch (const Error& error) {
    log_error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc&) {
    log_error("out of memory: a smaller patch or batch needs less");
    return static_cast<int>(ExitCode::kFailed);
  } catch (const std::exception& error) {
    log_error(std::string("unexpected failure: ") + error.what());
    return static_cast<int>(ExitCode::kFailed);
  }
}

}  // namespace tss
