#include "textsemiseg/cli/program.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/interrupt.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/memory.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/printable.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"
#include "textsemiseg/base/version.h"
#include "textsemiseg/cli/command_line.h"
#include "textsemiseg/cli/failure.h"
#include "textsemiseg/cli/slicer.h"
#include "textsemiseg/cli/verbs.h"

namespace tss {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> table = {
      // clang-format off
      {"demo", "trains two methods on made-up scans and leaves one page to look at",
       "textsemiseg demo --output textsemiseg-demo", declare_demo},
      {"run", "from a folder of scans to a trained network and a page, in the hours you give",
       "textsemiseg run --source $DATA/hippocampus --hours 2", declare_run},
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
      {"report", "one HTML file to look at runs: scores, curves, cases in a viewer; or a figure",
       "textsemiseg report runs/supervised runs/text --output report.html", declare_report},
      {"check", "look through scans or a dataset before training: grids, labels, duplicates, outliers, leaks between roles",
       "textsemiseg check --source $DATA/hippocampus", declare_check},
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
      {"completion", "a script that completes verbs, options and their values in bash or zsh",
       "source <(textsemiseg completion bash)", declare_completion},
      // clang-format on
  };
  return table;
}

void run_verb(const std::vector<std::string>& words) {
  for (const Verb& verb : verbs()) {
    if (words.empty() || words.front() != verb.name) continue;
    CLI::App app{verb.summary, verb.name};
    const std::function<void()> action = declare_verb(verb, app);
    try {
      app.parse(std::vector<std::string>(words.rbegin(), words.rend() - 1));  // CLI11 takes them last to first
    } catch (const CLI::ParseError& error) {
      throw UsageError(usage_message(app, error));
    }
    for (const std::string& word : words) require_utf8(word, verb.name);
    action();
    return;
  }
  throw UsageError("no such verb: " + join(words, " "));
}

int exit_code_of(const std::function<void()>& action, const std::string& verb) {
  try {
    action();
    return 0;
  } catch (const Interrupted& stop) {  // as it was asked to: no failure
    log_info(stop.what());
    return static_cast<int>(stop.code());
  } catch (...) {
    const Failure failure = failure_of(std::current_exception(), verb);
    log_error(failure.message);
    return static_cast<int>(failure.code);
  }
}

namespace {

// What names and ids may hold is shown on a terminal, not obeyed by it.
class PrintableOutput {
 public:
  PrintableOutput() : before_(std::cout.rdbuf()), lines_(*before_) {
    if (::isatty(STDOUT_FILENO) == 1) std::cout.rdbuf(&lines_);
  }
  ~PrintableOutput() {
    std::cout.flush();
    std::cout.rdbuf(before_);
  }
  PrintableOutput(const PrintableOutput&) = delete;
  PrintableOutput& operator=(const PrintableOutput&) = delete;

 private:
  std::streambuf* before_;
  PrintableLines lines_;
};

// Results go to standard output: what did not arrive there (a full disk, a reader that has gone) was not done.
int with_output_received(int code) {
  errno = 0;
  std::cout.flush();
  const bool failed = !std::cout || std::fflush(stdout) != 0;
  if (!failed) return code;
  log_error(concat("standard output: cannot be written", errno != 0 ? concat(" (", std::strerror(errno), ")") : ""));
  return code == 0 ? static_cast<int>(ExitCode::kFailed) : code;
}

// In a folder that was deleted libraries fail with words of their own, each at another place.
void require_working_folder() {
  std::error_code error;
  if (std::filesystem::current_path(error).empty())
    throw InputError("working folder", "was deleted or cannot be entered (" + error.message() + ")", "a folder that is there");
}

int run_words(int argc, char** argv) {
  set_log_level(LogLevel::kNormal);
  set_message_format(MessageFormat::kText);
  if (const std::optional<int> code = run_as_slicer_module(argc, argv)) return *code;
  const std::vector<std::string> words(argv + 1, argv + argc);
  const auto has = [&](const char* word) { return std::find(words.begin(), words.end(), word) != words.end(); };
  if (has("--version") && has("--json")) {
    std::cout << "{\"textsemiseg\": \"" << kVersion << "\"}\n";
    return 0;
  }
  CommandLine line;
  try {
    line.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return line.app().exit(help);
  } catch (const UsageError& error) {
    // What was typed may not have been understood up to its --log-format.
    const auto format = std::find(words.begin(), words.end(), "--log-format");
    const bool json = has("--log-format=json") || (format != words.end() && format + 1 != words.end() && *(format + 1) == "json");
    if (json) set_message_format(MessageFormat::kJson);
    log_error(std::string(error.what()) + "; --help lists what is known");
    return static_cast<int>(error.code());
  }
  line.messages().apply();
  return exit_code_of(
      [&] {
        require_working_folder();
        line.run();
      },
      line.verb());
}

}  // namespace

int run_program(int argc, char** argv) {
  keep_freed_memory();
  report_failed_writes();
  const PrintableOutput printable;
  return with_output_received(run_words(argc, argv));
}

}  // namespace tss
