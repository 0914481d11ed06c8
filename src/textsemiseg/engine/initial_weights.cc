#include "textsemiseg/engine/initial_weights.h"

#include <algorithm>
#include <filesystem>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/engine/checkpoint.h"
#include "textsemiseg/engine/run.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/weights/module_state.h"

namespace tss {
namespace fs = std::filesystem;

namespace {

constexpr const char* kOption = "--init-from: ";

void require_fitting_data(const fs::path& run, const std::vector<std::string>& class_names, int64_t channels) {
  const RunRecord record = read_run_record({run});
  if (record.class_names != class_names)
    throw InputError(kOption + run.string(), "was trained for the classes " + join(record.class_names, ", "),
                     join(class_names, ", ") + ", as the data set has them");
  if (record.channels != channels)
    throw InputError(kOption + run.string(), concat("was trained on ", record.channels, " channel(s)"),
                     concat(channels, ", as the data set has"));
}

// The checkpoint's file, after a look at what its run was trained for.
fs::path checkpoint_file(const std::string& from, const std::vector<std::string>& class_names, int64_t channels) {
  if (fs::is_directory(from)) {
    require_fitting_data(from, class_names, channels);
    const RunFolder run{from};
    const fs::path file = run.checkpoint(selected_checkpoint(run));
    if (!fs::exists(file)) throw InputError(kOption + file.string(), "is missing", "a run that has written a checkpoint");
    return file;
  }
  if (!fs::exists(from)) throw InputError(kOption + from, "is not there", "the folder of a run, or a checkpoint's file");
  const fs::path around = fs::absolute(from).parent_path().parent_path();
  if (fs::exists(RunFolder{around}.record()))
    require_fitting_data(around, class_names, channels);
  else
    log_warning(concat(kOption, from, ": has no run.json above it, so that the names of its classes cannot be compared"));
  return from;
}

}  // namespace

Json load_initial_weights(const std::string& from, Method& method, const std::vector<std::string>& class_names,
                          int64_t channels) {
  const fs::path file = checkpoint_file(from, class_names, channels);
  const Checkpoint checkpoint = read_checkpoint(file);
  const TensorMap& weights = checkpoint.average.empty() ? checkpoint.method : checkpoint.average;
  TensorMap next = state_of(method);
  std::vector<std::string> drawn, unused;
  for (auto& [name, tensor] : next) {
    const auto found = weights.find(name);
    if (found == weights.end())
      drawn.push_back(name);
    else if (found->second.sizes() != tensor.sizes())
      drawn.push_back(c10::str(name, " (", tensor.sizes(), ", the checkpoint has ", found->second.sizes(), ")"));
    else
      tensor = found->second;
  }
  for (const auto& [name, tensor] : weights)
    if (!next.contains(name)) unused.push_back(name);
  const size_t taken = next.size() - drawn.size();
  if (taken == 0)
    throw InputError(kOption + file.string(), concat("has none of the ", next.size(), " tensors of this method and network"),
                     "a run of the same network");
  load_into(method, next, kOption + file.string());
  log_info(concat("start: ", taken, " of ", next.size(), " tensors are those of ", file.string(), " (iteration ",
                  checkpoint.state.iteration, ")"));
  constexpr size_t kNamed = 5;
  const auto named = [&](const std::vector<std::string>& names) {
    const std::vector<std::string> first(names.begin(),
                                         names.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, names.size())));
    return join(first, ", ") + (names.size() > kNamed ? ", ..." : "");
  };
  if (!drawn.empty()) log_warning(concat("start: ", drawn.size(), " tensors stay as they were drawn: ", named(drawn)));
  if (!unused.empty())
    log_info(concat("start: ", unused.size(), " tensors of the checkpoint have no place here: ", named(unused)));
  return {{"file", fs::absolute(file).lexically_normal().string()},
          {"iteration", checkpoint.state.iteration},
          {"content_hash", hash_of(weights)},
          {"taken", taken},
          {"drawn", drawn.size()}};
}

}  // namespace tss
