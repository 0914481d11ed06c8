#include "textsemiseg/runs/provenance.h"

#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/fingerprint.h"
#include "textsemiseg/runs/run_results.h"
#include "textsemiseg/runs/saved_state.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::string text_at(const Json& record, const char* key) {
  const Json value = value_at(record, key);
  return value.is_string() ? value.get<std::string>() : "";
}

// Of the checkpoint as it is now. Without a file that says so: of a whole training, where results were kept alone.
std::optional<int64_t> iteration_of(const RunFolder& run, const std::string& which) {
  const std::optional<SavedState> state = read_saved_state(run, which);
  if (which == "best") return state ? state->best_iteration.value_or(-1) : std::optional<int64_t>();
  if (state && state->iteration) return state->iteration;
  const Json iterations = value_at(read_toml(run.config()), "train.iterations");
  return iterations.is_number_integer() ? iterations.get<int64_t>() : std::optional<int64_t>();
}

}  // namespace

std::string selected_checkpoint(const RunFolder& run) { return fs::exists(run.checkpoint("best")) ? "best" : "last"; }

std::string checkpoint_sample(const RunFolder& run, const std::string& which) {
  return fingerprint_of(run.checkpoint(which)).sample;
}

CheckpointMatch match_checkpoint(const RunFolder& run, const Json& record) {
  const std::string sample = text_at(record, "checkpoint_sample"), words = text_at(record, "checkpoint");
  CheckpointMatch out;
  for (const char* which : {"best", "last"}) {
    if (sample.empty() || !fs::exists(run.checkpoint(which)) || checkpoint_sample(run, which) != sample) continue;
    out.which = which;
    return out;
  }
  const std::string named = starts_with(words, "last checkpoint") ? "last" : starts_with(words, "best on") ? "best" : "";
  if (named.empty()) return out;  // imported weights: no training goes on with them
  if (!sample.empty() && fs::exists(run.checkpoint(named))) {
    out.outdated = true;
  } else if (const auto iteration = iteration_of(run, named)) {
    out.outdated = words.find(concat("(iteration ", *iteration, " of ")) == std::string::npos;
  }
  return out;
}

bool entries_agree(const Json& record, const Json& other, const std::set<std::string>& reworded) {
  for (const auto& [key, value] : record.items()) {
    if (!reworded.contains(key) && value_at(other, key) != value) return false;
  }
  return true;
}

bool predicted_as_configured(const RunFolder& run, const Json& summary) {
  if (summary.contains("predictions") || summary.value("mirror", "none") != "none" ||
      summary.value("precision", "fp32") != "fp32")
    return false;
  const Json config = read_toml(run.config());
  if (!config.contains("inference") || !summary.contains("window")) return true;
  for (const auto& [key, value] : summary.at("window").items()) {
    if (config.at("inference").contains(key) && config.at("inference").at(key) != value) return false;
  }
  return true;
}

}  // namespace tss
