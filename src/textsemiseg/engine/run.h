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
#include "textsemiseg/runs/run_record.h"

namespace tss {

// The texts of run.json as text/text_source.h has them, and back.
std::vector<ClassText> class_texts_of(const RunRecord& record);
RecordedTexts recorded_texts(const std::vector<ClassText>& classes);

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
