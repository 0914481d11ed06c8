#include "textsemiseg/cli/slicer.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/temporary_folder.h"
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

std::vector<SlicerModule> make_modules() {
  const SlicerParameter scan{.tag = "image",
                             .name = "inputVolume",
                             .label = "Scan",
                             .description = "The raw scan, in any orientation",
                             .position = 0,
                             .channel = "input"};
  const SlicerParameter labels{.tag = "image",
                               .name = "outputLabel",
                               .label = "Segmentation",
                               .description = "A label of each class on the scan's own grid, with names and colours",
                               .position = 1,
                               .channel = "output",
                               .type = "label",
                               .extensions = ".seg.nrrd,.nrrd,.nii.gz",
                               .reference = "inputVolume"};
  const SlicerParameter segmentation{.tag = "file",
                                     .name = "segmentation",
                                     .label = "Segmentation file",
                                     .description = "Also keep it as this file (.seg.nrrd)",
                                     .channel = "output",
                                     .extensions = ".seg.nrrd"};
  const SlicerParameter run{.tag = "directory", .name = "run", .label = "Run", .description = "Folder that training left behind"};
  const SlicerParameter second{.tag = "directory",
                               .name = "secondRun",
                               .label = "Second run",
                               .description = "Its probabilities are averaged with those of the first run"};
  const SlicerParameter checkpoint{.tag = "string-enumeration",
                                   .name = "checkpoint",
                                   .label = "Checkpoint",
                                   .description = "selected: the best on validation cases, else the last",
                                   .preset = "selected",
                                   .choices = {"selected", "best", "last"}};
  const SlicerParameter mirror{.tag = "string-enumeration",
                               .name = "mirror",
                               .label = "Mirror",
                               .description = "Average over mirror images along these axes; each axis doubles the time",
                               .preset = "none",
                               .choices = {"none", "x", "x,y", "all"}};
  const SlicerParameter keep{.tag = "boolean",
                             .name = "keepLargest",
                             .label = "Keep the largest component",
                             .description = "Of each class; deletes whatever lies apart, true lesions too",
                             .preset = "false"};
  const SlicerParameter least{.tag = "integer",
                              .name = "minComponent",
                              .label = "Least voxels of a component",
                              .description = "Smaller components of a class are removed; 0: none",
                              .preset = "0",
                              .minimum = 0,
                              .maximum = 100000};
  const SlicerParameter device{.tag = "string-enumeration",
                               .name = "device",
                               .label = "Device",
                               .description = "auto: the first GPU, where there is one",
                               .preset = "auto",
                               .choices = {"auto", "cpu", "cuda:0"}};
  const SlicerParameter threads{.tag = "integer",
                                .name = "threads",
                                .label = "Threads",
                                .description = "Of the CPU; 0: all cores",
                                .preset = "0",
                                .minimum = 0,
                                .maximum = 256};
  const SlicerParameter volumes{
      .tag = "string", .name = "volumes", .label = "Volumes", .description = "Millilitres of each class", .channel = "output"};
  SlicerModule predict{.name = "TextSemiSegPredict",
                       .title = "TextSemiSeg Predict",
                       .description = "Segments a scan with a network that textsemiseg has trained."};
  predict.groups = {{"Scan and result", "What goes in and what comes out", false, {scan, labels, segmentation}},
                    {"Network", "Which training", false, {run, checkpoint}},
                    {"Options", "Averaging, post-processing, machine", true, {second, mirror, keep, least, device, threads}},
                    {"Result", "Filled in when it is done", false, {volumes}}};
  predict.run = predict_module;

  SlicerModule evaluate{.name = "TextSemiSegEvaluate",
                        .title = "TextSemiSeg Evaluate",
                        .description = "Scores a segmentation against a reference: Dice, Jaccard, HD95, ASD, ASSD."};
  SlicerParameter reference = labels, prediction = labels;
  reference.name = "reference";
  reference.label = "Reference";
  reference.description = "Label map drawn by an expert";
  reference.reference.clear();
  reference.channel = prediction.channel = "input";
  reference.position = 0;
  prediction.name = "prediction";
  prediction.label = "Prediction";
  prediction.description = "Label map on the same grid";
  prediction.reference = "reference";
  const SlicerParameter classes{.tag = "string",
                                .name = "classes",
                                .label = "Class names",
                                .description = "Background first, with commas between; empty: the labels found"};
  const SlicerParameter csv{.tag = "file",
                            .name = "csv",
                            .label = "Table",
                            .description = "Also write the scores to this file",
                            .channel = "output",
                            .extensions = ".csv"};
  const SlicerParameter dice{
      .tag = "string", .name = "dice", .label = "Dice", .description = "Of each class", .channel = "output"};
  evaluate.groups = {{"Label maps", "What is compared", false, {reference, prediction, classes, csv}},
                     {"Result", "Filled in when it is done", false, {dice}}};
  evaluate.run = evaluate_module;
  return {predict, evaluate};
}

}  // namespace

const std::vector<SlicerModule>& slicer_modules() {
  static const std::vector<SlicerModule> modules = make_modules();
  return modules;
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
    std::cout << slicer_xml(*module);
    return 0;
  }
  return exit_code_of([&] {
    const SlicerCall call = read_slicer_call(*module, words);
    const SlicerProgress progress(module->name, module->description);
    const std::map<std::string, std::string> returned = module->run(call);
    if (call.return_file.empty()) return;
    std::string text;
    for (const auto& [key, value] : returned) text += key + " = " + value + "\n";
    write_text_file(call.return_file, text);
  });
}

}  // namespace tss
