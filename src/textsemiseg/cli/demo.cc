// textsemiseg demo: phantom scans, two methods on the same two labels, one page. It runs the other verbs and shows what it runs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/cli/made_of_verbs.h"
#include "textsemiseg/cli/number_checks.h"
#include "textsemiseg/cli/verbs.h"
#include "textsemiseg/dataset/phantom.h"
#include "textsemiseg/page/run_page.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/runs/saved_state.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

constexpr const char* kMarker = "demo.json";
constexpr const char* kMethods[] = {"supervised", "text_semiseg"};

struct DemoOptions {
  int64_t iterations = 200;
  int64_t seed = 0;
  // A run of minutes needs larger steps than the published 0.01 and no dropout: with the defaults of the methods the small organs are
  // not found at all within the demo's time. A patch of 32^3 voxels is about a third of a phantom.
  double learning_rate = 0.02;
  bool dropout = false;
  std::vector<int64_t> patch = {32, 32, 32};
  PhantomOptions phantom;

  template <class V>
  void visit(V& v) {
    v("iterations", iterations);
    v("seed", seed);
    v("learning_rate", learning_rate);
    v("dropout", dropout);
    v("patch", patch);
    v("phantom", phantom);
  }
};

bool finished(const fs::path& run, int64_t iterations) {
  const std::optional<SavedState> state = read_saved_state({run}, "last");
  return state && state->iteration.value_or(0) >= iterations;
}

fs::path train_and_score(const fs::path& folder, const std::string& method, const DemoOptions& options) {
  const std::string run = (folder / "runs" / method).string();
  if (finished(run, options.iterations)) {
    log_info(run + ": is trained");
  } else {
    std::vector<std::string> words = {"train",
                                      "--dataset",
                                      (folder / "dataset").string(),
                                      "--method",
                                      method,
                                      "--run",
                                      run,
                                      "--iterations",
                                      concat(options.iterations),
                                      "--seed",
                                      concat(options.seed),
                                      "--set",
                                      concat("sampler.patch=[", join(options.patch, ","), "]"),
                                      "--set",
                                      concat("optimiser.learning_rate=", options.learning_rate),
                                      "--set",
                                      concat("network.dropout=", options.dropout ? "true" : "false")};
    if (fs::exists(RunFolder{run}.config())) words.emplace_back("--resume");
    show_and_run(words);
  }
  show_and_run({"evaluate", "--run", run, "--role", "test"});
  return run;
}

// Which text encoder the class texts went through.
std::string text_encoder_sentence(const Study& study) {
  for (const StudyRow& row : study.rows) {
    for (const RunResults* run : row.scored()) {
      if (run->text_encoder.used()) return concat("Class texts of ", row.title, ": ", run->text_encoder.describe(false), ".");
    }
  }
  return "No class texts were used.";
}

Page demo_page(const Study& study, const Comparison& comparison, const DemoOptions& options) {
  Page page = page_of_study(study, comparison);
  page.title = "Semi-supervised segmentation of a phantom";
  page.introduction = {
      concat("A made-up abdomen that looks like CT, with ",
             join(std::vector<std::string>(comparison.class_names.begin() + 1, comparison.class_names.end()), ", "),
             ". Both methods learned from the same ", options.phantom.labelled, " labelled scans, for the same ",
             options.iterations, " iterations; text_semiseg also saw ", options.phantom.unlabelled,
             " scans without labels. Scores are of ", options.phantom.test, " test scans that neither has seen."),
      "This shows that training works on this machine. It is no evidence that one method is better: the scans are made up, the "
      "networks were trained for minutes, with one seed. " +
          text_encoder_sentence(study)};
  Facts commands;
  commands.emplace_back("again, or for longer",
                        concat("textsemiseg demo --output OTHER_FOLDER --iterations ", 4 * options.iterations));
  commands.emplace_back("one's own scans", "textsemiseg prepare --help");
  page.sections.push_back({.id = "next", .title = "What next", .facts = {{"", std::move(commands)}}});
  return page;
}

void run_demo(const fs::path& folder, const DemoOptions& options) {
  const Stopwatch watch;
  claim_folder(folder, "demo", kMarker, write_options(options));
  write_phantom(folder / "scans", options.phantom);
  show_and_run({"prepare", "--source", (folder / "scans").string(), "--dataset", (folder / "dataset").string(), "--recipe",
                "ct_soft_tissue", "--validation", "0"});
  std::vector<fs::path> runs;
  for (const char* method : kMethods) runs.push_back(train_and_score(folder, method, options));

  const Study study = study_of_runs(runs, "test");
  const Comparison comparison = compare(study);
  const fs::path file = folder / "demo.html";
  write_page(file, demo_page(study, comparison, options));
  for (size_t r = 0; r < comparison.rows.size(); ++r) {
    const Estimate& dice = comparison.metric("dice").mean().cells[r].estimate;
    std::cout << comparison.rows[r].name << std::string(14 - std::min<size_t>(13, comparison.rows[r].name.size()), ' ')
              << "mean Dice " << format_estimate(dice, 3) << "\n";
  }
  std::cout << "in " << format_duration(watch.seconds()) << "; open " << fs::absolute(file).lexically_normal().string() << "\n";
}

}  // namespace

std::function<void()> declare_demo(CLI::App& app) {
  struct Arguments {
    std::string output = "textsemiseg-demo";
    DemoOptions options;
  };
  auto arguments = std::make_shared<Arguments>();
  app.add_option("--output", arguments->output, "folder to write; a demo that is there already is continued")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_option("--iterations", arguments->options.iterations, "training steps of each method")
      ->capture_default_str()
      ->check(at_least(1));
  app.add_option("--seed", arguments->options.seed, "seed of the scans and of the training")
      ->capture_default_str()
      ->check(at_least(0));
  return [arguments] {
    arguments->options.phantom.seed = static_cast<uint64_t>(arguments->options.seed);
    run_demo(arguments->output, arguments->options);
  };
}

}  // namespace tss
