// A run folder (runs/run_folder.h names its files) as training writes it and prediction reads it: with its method.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/run_config.h"
#include "textsemiseg/methods/method.h"
#include "textsemiseg/recipe/recipe.h"

namespace tss {

struct RunRecord {
  std::string name;     // of the run: its folder's name
  std::string dataset;  // name of the data set
  std::string dataset_folder;
  std::vector<std::string> class_names;  // class 0 is the background
  int64_t channels = 1;
  Recipe recipe;
  std::vector<ClassText> texts;  // empty for methods without text
  std::string protocol;          // honest | published | imported (nothing is claimed on the choice of the weights)
  std::string selection;         // how the checkpoint is chosen, one sentence
  Json split;                    // numbers of cases per role
  Json cases;                    // their ids per role; null: a run of an earlier version, or imported
  Json phases;                   // [{"name", "iterations"}], in order
  Json environment;
  Json origin;  // of imported weights: file, format, network; null for runs of train
};

void write_run_record(const std::filesystem::path& run, const RunRecord& record);
// Throws InputError naming the file.
RunRecord read_run_record(const std::filesystem::path& run);
RunConfig read_run_config(const std::filesystem::path& run);

// The method with freshly drawn weights (seeded); text may be null for methods without text.
std::shared_ptr<Method> build_method(const RunConfig& config, const std::vector<std::string>& class_names, int64_t channels,
                                     std::shared_ptr<TextSource> text);

// A run ready to predict: no text encoder is needed, its features are in the checkpoint.
struct LoadedRun {
  std::filesystem::path folder;
  RunConfig config;
  RunRecord record;
  std::shared_ptr<Method> method;  // on the CPU, in evaluation mode
  TrainState state;
  std::string checkpoint;  // "best" or "last"
  std::string chosen;      // "best of 15 validations (iteration 1400, mean foreground Dice 0.8312); protocol honest"
};
// which: "selected" (best where there is one, else last), "best" or "last". Throws InputError: not a run folder, no checkpoint, wrong
// number of classes in the checkpoint.
LoadedRun load_run(const std::filesystem::path& run, const std::string& which = "selected");

}  // namespace tss
