// A run folder without a training: random weights, running statistics that matter. For tests of what is done with finished runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/methods/registry.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss::testing {

// tree: a configuration as in a file, with "method"; the text features have 16 dimensions.
inline void write_untrained_run(const std::filesystem::path& run, const Json& tree, const std::vector<std::string>& classes,
                                int64_t channels = 1) {
  const RunConfig config = make_run_config(tree, "test");
  const auto count = static_cast<int64_t>(classes.size());
  std::shared_ptr<TextSource> text;
  RunRecord record;
  record.dataset = "made up";
  record.class_names = classes;
  record.channels = channels;
  record.recipe.at<Resample>().spacing = {1, 1, 2};
  record.protocol = "honest";
  record.selection = "none";
  record.split = record.environment = Json::object();
  if (method_info(config.method).uses_text(config.method_options)) {
    for (const auto& name : classes) record.texts.list.push_back({name, "drawn"});
    text = std::make_shared<FixedText>(torch::randn({count, 16}), class_texts_of(record));
  }
  const auto method = build_method(config, classes, channels, text);
  torch::NoGradGuard no_grad;
  for (auto& buffer : method->named_buffers()) {
    if (ends_with(buffer.key(), "running_mean")) buffer.value().normal_(0, 0.1);
    if (ends_with(buffer.key(), "running_var")) buffer.value().uniform_(0.5, 1.5);
  }
  for (auto& parameter : method->named_parameters()) {
    if (parameter.value().dim() == 1) parameter.value().add_(torch::randn_like(parameter.value()), 0.1);
  }
  Checkpoint checkpoint;
  checkpoint.method = state_of(*method);
  checkpoint.class_texts = method->class_texts();
  write_text_file(run / "config.toml", to_toml(resolved(config)));
  write_run_record({run}, record);
  write_checkpoint(RunFolder{run}.checkpoint("last"), checkpoint);
}

}  // namespace tss::testing
