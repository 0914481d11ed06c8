#include "textsemiseg/runs/study_rows.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/runs/result_keys.h"
#include "textsemiseg/runs/study_record.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

void sort_by_seed(StudyRow& row) {
  std::stable_sort(row.runs.begin(), row.runs.end(), [](const RunResults& a, const RunResults& b) { return a.seed < b.seed; });
  for (size_t i = 1; i < row.runs.size(); ++i) {
    const RunResults &a = row.runs[i - 1], &b = row.runs[i];
    if (a.readable() && b.readable() && a.seed == b.seed)
      throw InputError("row " + row.name,
                       concat("has seed ", a.seed, " twice (", a.folder.string(), ", ", b.folder.string(), ")"),
                       "each seed once");
  }
}

void check_names(const Study& study, const std::string& source) {
  std::set<std::string> names;
  for (const StudyRow& row : study.rows) {
    if (!names.insert(row.name).second) throw InputError(source + ": rows", "two are named '" + row.name + "'", "unique names");
  }
}

// Refuses a table without a single score, naming what to do for the first run.
void check_scores(const Study& study, const std::string& source) {
  const RunResults* first = nullptr;
  for (const StudyRow& row : study.rows) {
    if (!row.scored().empty()) return;
    for (const RunResults& run : row.runs) first = first ? first : &run;
  }
  if (!first) throw InputError(source, "names no run", "at least one");
  throw InputError(source, concat("no run has results for the role ", study.role),
                   concat("at least one; ", first->folder.string(), " ", first->problem));
}

// Why the study's last attempt ended, in its own words.
void add_failure(RunResults& run, const fs::path& file) {
  if (run.problem.empty() || !fs::exists(file)) return;
  const std::string reason = trim(read_text_file(file));
  run.problem += " (failed: " + reason.substr(0, reason.find('\n')) + ")";
}

// What makes two runs one row.
std::string row_key(const RunResults& run) {
  std::string key;
  for (const auto& [name, value] : leaves(run.config)) {
    if (name != "seed" && !leaves_result_alone(name)) key += name + "=" + value.dump() + "\n";
  }
  return key;
}

// Rows whose runs have one text encoder each. The name of a row that falls apart tells the parts apart.
std::vector<StudyRow> by_text_encoder(std::vector<StudyRow> rows) {
  std::vector<StudyRow> out;
  for (StudyRow& row : rows) {
    std::vector<StudyRow> parts;
    for (RunResults& run : row.runs) {
      const auto same = std::find_if(parts.begin(), parts.end(), [&](const StudyRow& part) {
        return std::all_of(part.runs.begin(), part.runs.end(),
                           [&](const RunResults& other) { return run.text_encoder.same_as(other.text_encoder); });
      });
      if (same != parts.end()) {
        same->runs.push_back(std::move(run));
        continue;
      }
      StudyRow& part = parts.emplace_back(StudyRow{row.name, row.title, row.method, row.note, row.published, {}});
      part.runs.push_back(std::move(run));
    }
    if (parts.size() < 2) {
      row.runs = parts.empty() ? std::vector<RunResults>{} : std::move(parts.front().runs);
      out.push_back(std::move(row));
      continue;
    }
    const auto encoder_of = [](const StudyRow& part) {
      const auto named =
          std::find_if(part.runs.begin(), part.runs.end(), [](const auto& run) { return run.text_encoder.used(); });
      return named->text_encoder;  // parts differ in it, so that each has one
    };
    std::set<std::string> names;
    for (const StudyRow& part : parts) names.insert(encoder_of(part).name);
    for (StudyRow& part : parts) {
      const std::string words = " (" + encoder_of(part).describe(names.size() < parts.size()) + ")";
      part.name += words;
      part.title += words;
      out.push_back(std::move(part));
    }
  }
  return out;
}

// "text-seed0", "text_seed_0" -> "text".
std::string without_seed(const std::string& name) {
  const size_t at = name.rfind("seed");
  if (at == std::string::npos || at == 0) return name;
  const std::string rest = name.substr(at + 4);
  if (rest.find_first_not_of("0123456789_-") != std::string::npos) return name;
  const size_t end = name.find_last_not_of("_-.", at - 1);
  return end == std::string::npos ? name : name.substr(0, end + 1);
}

}  // namespace

std::vector<const RunResults*> StudyRow::scored() const {
  std::vector<const RunResults*> out;
  for (const RunResults& run : runs) {
    if (run.scores) out.push_back(&run);
  }
  return out;
}

Study read_study(const fs::path& path, const std::string& role) {
  const StudyFolder folder{path};
  const std::string file = folder.record().string();
  StudyRecord record = read_study_record(folder);
  Study study;
  study.role = role;
  study.title = record.title;
  study.source = record.source;
  study.plan_dataset = record.plan_dataset.value.value_or("");
  study.labelled = record.labelled.value;
  study.published_setting = std::move(record.published_setting);
  study.notes = std::move(record.notes);
  for (StudyRecordRow& from : record.rows.list) {
    StudyRow row{from.name, from.title.empty() ? from.name : from.title, from.method, from.note, std::move(from.published), {}};
    for (const std::string& run : from.runs) {
      row.runs.push_back(read_run_results(folder.run(run).path, role));
      add_failure(row.runs.back(), folder.failure(run));
    }
    study.rows.push_back(std::move(row));
  }
  study.rows = by_text_encoder(std::move(study.rows));
  for (StudyRow& row : study.rows) sort_by_seed(row);
  check_names(study, file);
  check_scores(study, file);
  return study;
}

Study study_of_runs(const std::vector<fs::path>& runs, const std::string& role) {
  Study study;
  study.role = role;
  std::vector<std::string> keys;
  for (const fs::path& folder : runs) {
    RunResults run = read_run_results(folder, role);
    if (!run.readable()) throw InputError(folder.string(), run.problem, "a run of train, or a folder of study");
    if (!run.scores) throw InputError(folder.string(), run.problem);
    const std::string key = row_key(run);
    const auto at = static_cast<size_t>(std::find(keys.begin(), keys.end(), key) - keys.begin());
    if (at == keys.size()) {
      keys.push_back(key);
      study.rows.push_back({});
      study.rows.back().method = plain(value_at(run.config, "method"));
    }
    study.rows[at].runs.push_back(std::move(run));
  }
  std::map<std::string, int> of_method;
  for (const StudyRow& row : study.rows) ++of_method[row.method];
  std::set<std::string> taken;
  for (StudyRow& row : study.rows) {
    row.name = of_method[row.method] == 1 ? row.method : without_seed(row.runs.front().name);
    if (!taken.insert(row.name).second) {
      const fs::path folder = fs::weakly_canonical(row.runs.front().folder);
      row.name = concat(folder.parent_path().filename().string(), "/", folder.filename().string());
      if (taken.contains(row.name)) row.name = folder.string();
      taken.insert(row.name);
    }
    row.title = row.name;
  }
  study.rows = by_text_encoder(std::move(study.rows));
  for (StudyRow& row : study.rows) sort_by_seed(row);
  check_names(study, "runs");
  return study;
}

}  // namespace tss
