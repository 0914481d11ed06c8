// A study whose program is a shell script: what a run leaves behind, without a training.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "support/testing.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/cache.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/study/study_runner.h"

namespace tss::testing {

inline constexpr const char* kSmallPlan = R"(
title = "Small"
notes = ["all of it"]
[common]
train.iterations = 10
[evaluate]
keep_largest = true
[[dataset]]
name = "organ"
labelled = [3]
classes = ["background", "organ"]
recipe = "generic"
split = "published.json"
[[row]]
name = "first"
note = "as it is"
[row.published]
organ = {3 = [70, 60, 5, 1]}
[[row]]
name = "second"
[row.settings]
second.fast = true
)";

inline void write_prepared_dataset(const std::filesystem::path& folder, int64_t labelled, int64_t test) {
  DatasetRecord record;
  record.name = "organs";
  record.class_names = {"background", "organ"};
  record.channel_names = {"CT"};
  record.source = folder;
  write_dataset_record(folder, record);
  Split split;
  for (int64_t i = 0; i < labelled; ++i) split.roles[Role::kLabelled].push_back(concat("l", i));
  for (int64_t i = 0; i < test; ++i) split.roles[Role::kTest].push_back(concat("t", i));
  write_split(folder / "split.json", split);
}

// Trains by writing the files of a run: to iteration 10 of 10. `train` runs first, and may exit.
class ScriptedProgram {
 public:
  explicit ScriptedProgram(const std::filesystem::path& folder, const std::string& train = "") : path_(folder / "program") {
    write_text_file(folder / "weights", "weights\n");
    std::ofstream(path_) << "#!/bin/sh\n"
                         << "verb=$1; while [ $# -gt 0 ]; do case $1 in --run) run=$2;; --config) config=$2;; esac; shift; done\n"
                         << "row=$(basename \"$run\"); mkdir -p \"$run/checkpoints\" \"$run/results/test\"\n"
                         << "if [ $verb = train ]; then\n"
                         << train << "\n"
                         << "cp \"$config\" \"$run/config.toml\"; cp '" << (folder / "weights").string()
                         << "' \"$run/checkpoints/last.safetensors\"\n"
                         << "echo '{\"iteration\": 10, \"iterations\": 10, \"best_score\": 0.5, \"best_iteration\": 7}' > "
                         << "\"$run/checkpoints/last.json\"\n"
                         << "else\n"
                         << "echo '{\"checkpoint_sample\": \"" << fingerprint_of(folder / "weights").sample
                         << "\", \"postprocess\": {\"keep_largest\": true, \"min_component\": 0}, "
                         << "\"mean\": {\"dice\": {\"mean\": 0.25}}}' > \"$run/results/test/summary.json\"\n"
                         << "fi\n";
    ::chmod(path_.c_str(), 0755);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

inline std::string no_difference(const StudyRun&) { return ""; }

class StudyFolder {
 public:
  StudyFolder() {
    write_prepared_dataset(folder_ / "dataset", 3, 2);
    std::filesystem::copy_file(folder_ / "dataset" / "split.json", folder_ / "published.json");
  }
  PlannedStudy study(const std::vector<std::string>& rows = {}, const std::vector<int64_t>& seeds = {0}) const {
    StudyRequest request;
    request.out = folder_ / "out";
    request.dataset = folder_ / "dataset";
    request.rows = rows;
    request.seeds = seeds;
    return make_study(parse_plan(kSmallPlan, plan()), request);
  }
  std::string plan() const { return (folder_ / "small").string(); }  // where its split file lies

  RunnerOptions options(const ScriptedProgram& program) const {
    RunnerOptions out;
    out.program = program.path();
    return out;
  }
  const std::filesystem::path& path() const { return folder_.path(); }
  std::filesystem::path out() const { return folder_ / "out"; }

 private:
  TemporaryFolder folder_;
};

}  // namespace tss::testing
