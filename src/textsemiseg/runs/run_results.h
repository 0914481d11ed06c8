// What one finished run left behind, read without torch: configuration, record, scores of a role, costs. Nothing is written.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "textsemiseg/base/config.h"
#include "textsemiseg/runs/recorded_text_encoder.h"
#include "textsemiseg/runs/run_record.h"
#include "textsemiseg/runs/scores.h"

namespace tss {

struct RunResults {
  std::filesystem::path folder;
  std::string name;  // of the folder
  Json config;       // config.toml
  RunRecord record;  // run.json
  Json summary;      // results/<role>/summary.json; null without results
  Json costs;        // costs.json; null where there is none
  RecordedTextEncoder text_encoder;
  int64_t seed = 0;
  int64_t iteration = 0, iterations = 0;  // reached and asked for
  std::optional<ScoreSet> scores;         // results/<role>/cases.csv with the class names of run.json
  // Why this run cannot be counted on, one sentence with the command that mends it; empty: nothing is wrong. A run with scores
  // may have one (training was not finished, or has gone on since).
  std::string problem;

  bool readable() const { return !config.is_null(); }
};

// role: as `evaluate --role` names it. A folder without a run, without results or with an unfinished training has a `problem`.
// Throws InputError on files that are there and cannot be understood.
RunResults read_run_results(const std::filesystem::path& run, const std::string& role);

// The value at "section.key"; null where there is none.
Json value_at(const Json& tree, const std::string& dotted);
// Every leaf with its dotted name, in order; lists are leaves.
std::vector<std::pair<std::string, Json>> leaves(const Json& tree);
// As people read it: text without quotes, lists with commas.
std::string plain(const Json& value);

}  // namespace tss
