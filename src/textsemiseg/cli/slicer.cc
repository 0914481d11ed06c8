#include "textsemiseg/cli/slicer.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "textsemiseg/base/clock.h"
#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/messages.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_folder.h"
#include "textsemiseg/cli/command_line.h"
#include "textsemiseg/cli/program.h"
#include "textsemiseg/io/image_file.h"
#include "textsemiseg/workflows/output_guard.h"
#include "textsemiseg/workflows/prediction_manifest.h"
#include "textsemiseg/workflows/score_files.h"

namespace tss {
namespace {
namespace fs = std::filesystem;

void deliver(const fs::path& segmentation, const fs::path& target) {
  // Slicer names temporary label volumes .nrrd: the same format, so that names and colours stay in it.
  if (ends_with(to_lower_ascii(target.string()), ".nrrd")) {
    write_atomically(
        target, [&](const fs::path& temporary) { fs::copy_file(segmentation, temporary, fs::copy_options::overwrite_existing); });
  } else {
    write_label_map(target, read_label_map(segmentation));
  }
}

// Before any work is done: label maps can be written there, and nothing that is read is replaced.
void check_targets(const fs::path& scan, const std::vector<fs::path>& targets) {
  // What is no scan predict refuses itself.
  const InputGuard guard(scan_exists(scan) && is_scan(scan) ? std::vector{Scan::open(scan)} : std::vector<ScanPtr>{});
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].empty()) continue;
    require_label_map_file(targets[i]);
    guard.require_apart(targets[i]);
    for (size_t j = 0; j < i; ++j) {
      if (same_file(targets[i], targets[j])) throw InputError(targets[i].string(), "is both results", "a file for each");
    }
  }
}

std::map<std::string, std::string> predict_module(const SlicerCall& call) {
  if (call.value("run").empty()) throw UsageError("TextSemiSegPredict: --run is needed: the folder of a trained run");
  // predict writes to a folder of its own below: it does not see where the result goes in the end.
  check_targets(call.value("inputVolume"), {call.value("outputLabel"), call.value("segmentation")});
  const TemporaryFolder work;
  const fs::path result = work / "labels.seg.nrrd";
  std::vector<std::string> words = {"predict",  "--run",        call.value("run"), "--input", call.value("inputVolume"),
                                    "--output", result.string()};
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  };
  add("--run", call.value("secondRun"));
  add("--checkpoint", call.value("checkpoint"));
  add("--mirror", call.value("mirror"));
  add("--device", call.value("device"));
  if (call.value("threads") != "0") add("--threads", call.value("threads"));
  add("--min-component", call.value("minComponent"));
  if (call.value("keepLargest") == "true") words.push_back("--keep-largest");
  run_verb(words);
  deliver(result, call.value("outputLabel"));
  if (!call.value("segmentation").empty()) deliver(result, call.value("segmentation"));
  std::vector<std::string> volumes;
  const Json manifest = read_json(manifest_path(result, true));
  for (const Json& one : manifest.at("cases").at(0).at("classes"))
    volumes.push_back(concat(one.at("name").get<std::string>(), " ", fixed(one.at("ml").get<double>(), 2), " ml"));
  return {{"volumes", join(volumes, ", ")}};
}

std::map<std::string, std::string> evaluate_module(const SlicerCall& call) {
  const std::vector<std::string> names = class_name_list(call.value("classes"));
  if (!call.value("csv").empty()) require_table_file(call.value("csv"), {call.value("reference"), call.value("prediction")});
  const ScoreOptions options{.empty = empty_rule_from_name("undefined"), .distances = true};
  const ScoreSet set = score_pairs({{"volume", call.value("reference"), call.value("prediction")}}, names, options);
  if (!call.value("csv").empty()) write_cases_csv(call.value("csv"), set);
  std::cout << score_table(set) << std::flush;
  std::vector<std::string> dice;
  const Json scores = scores_json(set);
  for (const Json& one : scores.at("classes")) {
    const Json& value = one.at("dice");
    dice.push_back(concat(one.at("name").is_string() ? one.at("name").get<std::string>() : one.at("class").dump(), " ",
                          value.is_number() ? fixed(value.get<double>(), 4) : "undefined"));
  }
  return {{"dice", join(dice, ", ")}};
}

// <filter-start>, <filter-progress>, <filter-end> on standard output, flushed, while it lives.
class SlicerProgress {
 public:
  explicit SlicerProgress(const std::string& name) : name_(name) {
    const std::string tag = "<description>", &xml = slicer_descriptions().at(name);
    const size_t begin = xml.find(tag) + tag.size();
    std::cout << "<filter-start>\n<filter-name>" << name << "</filter-name>\n<filter-comment>"
              << xml.substr(begin, xml.find('<', begin) - begin) << "</filter-comment>\n</filter-start>" << std::endl;
    set_progress_listener([](const ProgressState& state) {
      std::cout << "<filter-progress>" << fixed(state.share, 4) << "</filter-progress>" << std::endl;
    });
  }
  ~SlicerProgress() {
    set_progress_listener({});
    std::cout << "<filter-end>\n<filter-name>" << name_ << "</filter-name>\n<filter-time>" << fixed(watch_.seconds(), 3)
              << "</filter-time>\n</filter-end>" << std::endl;
  }
  SlicerProgress(const SlicerProgress&) = delete;
  SlicerProgress& operator=(const SlicerProgress&) = delete;

 private:
  std::string name_;
  Stopwatch watch_;
};

}  // namespace

const std::vector<SlicerModule>& slicer_modules() {
  static const std::vector<SlicerModule> modules = {
      {"TextSemiSegPredict",
       {"inputVolume", "outputLabel"},
       {"segmentation", "run", "checkpoint", "secondRun", "mirror", "minComponent", "device", "threads"},
       {"keepLargest"},
       predict_module},
      {"TextSemiSegEvaluate", {"reference", "prediction"}, {"classes", "csv"}, {}, evaluate_module}};
  return modules;
}

SlicerCall read_slicer_call(const SlicerModule& module, const std::vector<std::string>& words) {
  SlicerCall call;
  std::string address;  // Slicer gives it, and the file for what comes back, to every module
  CLI::App app("", module.name);
  app.set_help_flag();
  for (const std::string& name : module.volumes) app.add_option(name, call.values[name])->required();
  for (const std::string& name : module.options) app.add_option("--" + name, call.values[name]);
  for (const std::string& name : module.flags) app.add_flag("--" + name, call.values[name]);
  app.add_option("--returnparameterfile", call.return_file);
  app.add_option("--processinformationaddress", address);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them last to first
  } catch (const CLI::ParseError& error) {
    throw UsageError(usage_message(app, error));
  }
  return call;
}

std::optional<int> run_as_slicer_module(int argc, char** argv) {
  if (argc < 1) return std::nullopt;
  const std::string name = fs::path(argv[0]).stem().string();
  const auto& modules = slicer_modules();
  const auto module = std::find_if(modules.begin(), modules.end(), [&](const SlicerModule& m) { return m.name == name; });
  if (module == modules.end()) return std::nullopt;
  const std::vector<std::string> words(argv + 1, argv + argc);
  // Nothing else may be on standard output: that is how Slicer tells a module from other programs.
  if (std::find(words.begin(), words.end(), "--xml") != words.end()) {
    std::cout << slicer_descriptions().at(name);
    return 0;
  }
  return exit_code_of([&] {
    const SlicerCall call = read_slicer_call(*module, words);
    const SlicerProgress progress(name);
    const std::map<std::string, std::string> returned = module->run(call);
    if (call.return_file.empty()) return;
    std::string text;
    for (const auto& [key, value] : returned) text += key + " = " + value + "\n";
    write_text_file(call.return_file, text);
  });
}

}  // namespace tss
