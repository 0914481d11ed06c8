#include "textsemiseg/runs/run_results.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/earlier_keys.h"
#include "textsemiseg/runs/provenance.h"
#include "textsemiseg/runs/run_folder.h"
#include "textsemiseg/runs/saved_state.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

int64_t whole_number(const Json& tree, const std::string& key, const fs::path& file, int64_t otherwise) {
  const Json value = value_at(tree, key);
  if (value.is_null()) return otherwise;
  if (!value.is_number_integer()) throw InputError(file.string() + ": " + key, "found " + value.dump(), "an integer");
  return value.get<int64_t>();
}

// A folder of results alone (without checkpoints) counts as finished.
void read_iterations(RunResults& run) {
  run.iterations = whole_number(run.config, "train.iterations", RunFolder{run.folder}.config(), 0);
  run.iteration = run.iterations;
  const std::optional<SavedState> state = read_saved_state({run.folder}, "last");
  if (!state) return;
  run.text_encoder.hash = state->encoder_hash.value_or("");
  run.iterations = state->iterations.value_or(run.iterations);
  run.iteration = state->iteration.value_or(run.iteration);
}

void read_text_encoder(RunResults& run) {
  std::vector<std::string> sources;
  for (const RecordedText& text : run.record.texts.list) sources.push_back(text.source);
  run.text_encoder = recorded_text_encoder(sources, run.text_encoder.hash);
}

void read_scores(RunResults& run, const ResultsFolder& results) {
  const fs::path file = RunFolder{run.folder}.record();
  run.summary = read_json(results.summary());
  run.scores = read_cases_csv(results.cases());
  run.scores->class_names = run.record.class_names;
  if (run.scores->class_names.empty()) throw InputError(file.string(), "has no list 'classes'", "the record of a run");
  run.scores->empty = empty_rule_from_name(run.summary.value("empty_rule", "undefined"));
  for (const int label : run.scores->labels()) {
    if (static_cast<size_t>(label) >= run.scores->class_names.size())
      throw InputError(results.cases().string(), concat("has class ", label),
                       concat("classes 1 to ", run.scores->class_names.size() - 1, ", as ", file.string()));
  }
}

}  // namespace

RunResults read_run_results(const fs::path& folder, const std::string& role) {
  RunResults run;
  run.folder = folder;
  run.name = fs::weakly_canonical(folder).filename().string();
  const RunFolder files{folder};
  if (!fs::exists(files.record()) || !fs::exists(files.config())) {
    run.problem =
        fs::exists(folder) ? "is no run: it has no run.json or config.toml" : "was not trained: there is no such folder";
    return run;
  }
  run.config = read_toml(files.config());
  add_earlier_keys(run.config);
  run.record = read_run_record(files);
  run.seed = whole_number(run.config, "seed", files.config(), 0);
  if (fs::exists(files.costs())) run.costs = read_json(files.costs());
  read_iterations(run);
  read_text_encoder(run);
  const ResultsFolder results = files.results(role);
  const std::string command = concat("textsemiseg evaluate --run ", folder.string(), " --role ", role);
  if (fs::exists(results.cases()) && fs::exists(results.summary())) read_scores(run, results);
  if (run.iteration < run.iterations) {
    run.problem = concat("is not finished: iteration ", run.iteration, " of ", run.iterations,
                         " (goes on with: textsemiseg train --run ", folder.string(), " --resume)");
  } else if (!run.scores) {
    run.problem = "has no results/" + role + "; make them with: " + command;
  } else if (match_checkpoint(files, run.summary).outdated) {
    run.problem = "has results of an earlier checkpoint; make them again with: " + command;
  }
  return run;
}

Json value_at(const Json& tree, const std::string& dotted) {
  Json at = tree;
  for (const std::string& key : split(dotted, '.')) {
    if (!at.is_object() || !at.contains(key)) return nullptr;
    at = Json(at[key]);
  }
  return at;
}

std::vector<std::pair<std::string, Json>> leaves(const Json& tree) {
  std::vector<std::pair<std::string, Json>> out;
  for (const auto& [key, value] : tree.items()) {
    if (!value.is_object()) {
      out.emplace_back(key, value);
      continue;
    }
    for (const auto& [inner, leaf] : leaves(value)) out.emplace_back(key + "." + inner, leaf);
  }
  return out;
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>().empty() ? "(empty)" : value.get<std::string>();
  if (value.is_null()) return "not set";
  if (value.is_boolean()) return value.get<bool>() ? "on" : "off";
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> parts;
  for (const auto& [key, item] : value.items()) parts.push_back(value.is_object() ? key + " " + plain(item) : plain(item));
  return value.is_object() ? join(parts, ", ") : "[" + join(parts, ", ") + "]";
}

}  // namespace tss
