// Made-up runs for tests: folders as train and evaluate leave them, without weights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "support/testing.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/study_rows.h"

namespace tss::testing {

struct MadeUpRun {
  std::string method = "supervised";
  // [case][class - 1]; 0: an empty prediction; below 0: the scan lacks the class, and so does the prediction.
  std::vector<std::vector<double>> dice;
  int64_t seed = 0;
  int64_t iteration = 100;        // of 100
  Json config = Json::object();   // over the configuration
  Json record = Json::object();   // over run.json
  Json summary = Json::object();  // over summary.json
  Json costs = nullptr;
  bool results = true;
};

// HD95 10 (1 - Dice) mm, ASD 2 (1 - Dice) mm.
inline ClassScore made_up_score(int label, double dice) {
  ClassScore score;
  score.label = label;
  if (dice < 0) return score;
  score.reference_voxels = 100;
  score.set("dice", dice);
  score.set("jaccard", dice / (2 - dice));
  if (dice == 0) return score;
  score.prediction_voxels = 100;
  score.set("hd95", 10 * (1 - dice));
  score.set("asd", 2 * (1 - dice));
  score.set("hd95_voxels", 20 * (1 - dice));
  score.set("asd_voxels", 4 * (1 - dice));
  return score;
}

inline std::vector<std::string> made_up_classes(const MadeUpRun& run) {
  std::vector<std::string> names{"background"};
  for (size_t k = 0; k < run.dice.front().size(); ++k) names.emplace_back(k == 0 ? "liver & bile" : "spleen_2");
  return names;
}

inline std::filesystem::path write_run(const std::filesystem::path& folder, const MadeUpRun& run) {
  std::filesystem::create_directories(folder / "checkpoints");
  Json config{{"method", run.method}, {"dataset", "organs"}, {"split", ""}, {"seed", run.seed}};
  config["train"] = {{"iterations", 100}, {"threads", 1}, {"precision", "fp32"}, {"validate_every", 0}};
  config["optimiser"] = {{"learning_rate", 0.01}, {"schedule", "poly"}};
  config["sampler"] = {{"labelled", 2}, {"unlabelled", 2}, {"patch", {32, 32, 32}}, {"flips", false}};
  config[run.method] = {{"variant", "paper"}};
  merge(config, run.config);
  write_text_file(folder / "config.toml", to_toml(config));

  Json record{{"dataset", "Organs"}, {"dataset_folder", ""}, {"classes", made_up_classes(run)}, {"channels", 1}};
  record["recipe"] = {{"name", "generic"}};
  record["texts"] = Json::array();
  record["protocol"] = "honest";
  record["environment"] = Json::object();
  record["selection"] = "best mean foreground Dice on 2 validation cases; test cases never read";
  record["split"] = {{"labelled", 4}, {"unlabelled", 8}, {"validation", 2}, {"test", run.dice.size()}};
  merge(record, run.record);
  write_json(folder / "run.json", record);
  write_json(folder / "checkpoints" / "last.json", {{"iteration", run.iteration}, {"iterations", 100}});
  if (!run.costs.is_null()) write_json(folder / "costs.json", run.costs);
  if (!run.results) return folder;

  ScoreSet set;
  set.class_names = made_up_classes(run);
  for (size_t c = 0; c < run.dice.size(); ++c) {
    CaseScores item{concat("case_", c), {}};
    for (size_t k = 0; k < run.dice[c].size(); ++k)
      item.classes.push_back(made_up_score(static_cast<int>(k) + 1, run.dice[c][k]));
    set.cases.push_back(item);
  }
  write_cases_csv(folder / "results" / "test" / "cases.csv", set);
  Json summary{{"checkpoint", concat("best on validation cases (iteration ", 50 + run.seed, " of 100, ...); protocol honest")},
               {"grid", "original scan, mm"},
               {"empty_rule", "undefined"},
               {"postprocess", {{"keep_largest", false}, {"min_component", 0}, {"connectivity", 26}}},
               {"window", {{"overlap", 0.5}}}};
  merge(summary, run.summary);
  write_json(folder / "results" / "test" / "summary.json", summary);
  return folder;
}

// study.json with a row per entry: {name, runs}.
inline void write_study(const std::filesystem::path& folder,
                        const std::vector<std::pair<std::string, std::vector<std::string>>>& rows,
                        const Json& over = Json::object()) {
  Json study{{"title", "Made-up study"}, {"source", "Somebody 2025, Table 1"}, {"plan_dataset", "organs"}, {"labelled", 4}};
  study["rows"] = Json::array();
  for (const auto& [name, runs] : rows)
    study["rows"].push_back({{"name", name}, {"title", name}, {"method", name}, {"published", nullptr}, {"runs", runs}});
  merge(study, over);
  write_json(folder / "study.json", study);
}

// One class; `shift` is added to a rising series.
inline std::vector<std::vector<double>> rising(size_t cases, double first, double step) {
  std::vector<std::vector<double>> out;
  for (size_t c = 0; c < cases; ++c) out.push_back({first + step * static_cast<double>(c)});
  return out;
}

}  // namespace tss::testing
