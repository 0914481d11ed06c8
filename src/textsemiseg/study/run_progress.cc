#include "textsemiseg/study/run_progress.h"

#include <algorithm>
#include <fstream>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/runs/saved_state.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::optional<Json> json_of(const fs::path& path) {
  if (!fs::exists(path)) return std::nullopt;
  try {
    return read_json(path);
  } catch (const InputError&) {
    return std::nullopt;
  }
}

std::optional<SavedState> state_of_last(const RunFolder& run) {
  try {
    return read_saved_state(run, "last");
  } catch (const InputError&) {
    return std::nullopt;
  }
}

// Only a result of the checkpoint that would be scored now, with the run's own windows and the plan's post-processing.
std::optional<double> test_dice(const RunFolder& run, const PlanEvaluation& evaluation) {
  const auto summary = json_of(run.results("test").summary());
  if (!summary) return std::nullopt;
  try {
    const Json& postprocess = summary->at("postprocess");
    if (match_checkpoint(run, *summary).which != selected_checkpoint(run) ||
        postprocess.at("keep_largest") != evaluation.keep_largest ||
        postprocess.at("min_component") != evaluation.min_component || !predicted_as_configured(run, *summary))
      return std::nullopt;
    const Json& mean = summary->at("mean").at("dice").at("mean");
    return mean.is_number() ? std::optional(mean.get<double>()) : std::optional(0.0);
  } catch (const std::exception&) {  // half of a file
    return std::nullopt;
  }
}

// The last `size` bytes of a file, beginning with a whole line.
std::vector<std::string> last_lines(const fs::path& path, std::streamoff size) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(0, std::ios::end);
  const std::streamoff length = in ? static_cast<std::streamoff>(in.tellg()) : 0;
  in.seekg(std::max<std::streamoff>(0, length - size));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  if (length > size && !lines.empty()) lines.erase(lines.begin());
  return lines;
}

}  // namespace

RunProgress read_progress(const fs::path& folder, const PlanEvaluation& evaluation) {
  const RunFolder run{folder};
  RunProgress out;
  out.started = fs::exists(run.config());
  const std::optional<SavedState> state = state_of_last(run);
  if (!state || !state->iteration || !state->iterations) return out;
  out.iteration = *state->iteration;
  out.iterations = *state->iterations;
  out.best_score = state->best_score;
  if (out.best_score) out.best_iteration = state->best_iteration.value_or(0);
  if (out.trained()) out.test_dice = test_dice(run, evaluation);
  return out;
}

std::string describe_training(const fs::path& run) {
  const RunProgress saved = read_progress(run, {});
  const std::vector<std::string> lines = last_lines(RunFolder{run}.log(), 1 << 14);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const Json entry = Json::parse(*line, nullptr, false);
    if (!entry.is_object() || !entry.contains("iteration") || !entry.contains("loss")) continue;
    const Json& loss = entry.at("loss");
    return concat("iteration ", entry.at("iteration"),
                  saved.iterations > 0 ? concat(", last checkpoint at ", saved.iteration, " of ", saved.iterations) : "",
                  loss.is_number() ? ", loss " + fixed(loss.get<double>(), 4) : "");
  }
  return "";
}

std::string describe_scores(const RunProgress& progress) {
  std::vector<std::string> parts;
  if (progress.best_score)
    parts.push_back(concat("validation Dice ", fixed(*progress.best_score, 4), " (iteration ", progress.best_iteration, ")"));
  if (progress.test_dice) parts.push_back("test Dice " + fixed(*progress.test_dice, 4));
  return join(parts, ", ");
}

std::optional<double> seconds_since_log(const fs::path& run) {
  std::error_code error;
  const auto time = fs::last_write_time(RunFolder{run}.log(), error);
  if (error) return std::nullopt;
  return std::chrono::duration<double>(fs::file_time_type::clock::now() - time).count();
}

std::string failure_reason(const fs::path& log, int64_t count) {
  std::vector<std::string> lines = last_lines(log, 1 << 14);
  const auto start =
      std::find_if(lines.rbegin(), lines.rend(), [](const std::string& line) { return starts_with(line, kAttempt); });
  lines.erase(lines.begin(), start.base());
  std::erase_if(lines, [](const std::string& line) { return trim(line).empty(); });
  for (auto line = lines.rbegin(); line != lines.rend() && line - lines.rbegin() < 5; ++line)
    if (starts_with(*line, "error: ")) return line->substr(7);
  if (static_cast<int64_t>(lines.size()) > count) lines.erase(lines.begin(), lines.end() - count);
  return join(lines, " | ");
}

}  // namespace tss
