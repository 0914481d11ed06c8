#include "textsemiseg/study/study.h"

#include <algorithm>
#include <thread>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/split.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

Split split_of(const StudyRequest& request) {
  const fs::path& folder = request.dataset;
  if (request.split.empty()) return read_split(folder / "split.json");
  const fs::path fold = folder / "folds" / (request.split + ".json");
  return read_split(fs::exists(fold) ? fold : fs::path(request.split));
}

std::optional<PlanDataset> choose_dataset(const Plan& plan, const std::string& name) {
  if (!name.empty()) return plan.dataset(name);
  if (plan.datasets.size() == 1) return plan.datasets.front();
  return std::nullopt;
}

std::optional<int64_t> choose_count(const PlannedStudy& study) {
  const int64_t asked = study.request.labelled, found = study.labelled_cases;
  if (!study.plan_dataset) {
    if (asked > 0) throw InputError("--labelled", "needs the dataset whose figures apply", "--plan-dataset as well");
    return std::nullopt;
  }
  const std::vector<int64_t>& known = study.plan_dataset->labelled;
  const bool published = std::find(known.begin(), known.end(), asked > 0 ? asked : found) != known.end();
  if (asked == 0) return published ? std::optional(found) : std::nullopt;
  if (!published)
    throw InputError("--labelled", concat("found ", asked),
                     "one of " + join(known, ", ") + ", the counts of " + study.plan_dataset->title);
  if (asked != found)
    throw InputError(study.request.dataset.string(), concat("its split has ", found, " labelled cases"),
                     concat(asked, ", as --labelled says, or no --labelled, for a study without published figures"));
  return asked;
}

// What may differ between the machines that work on one study.
Json without_machine(Json settings) {
  const auto erase = [&](const char* section, std::initializer_list<const char*> keys) {
    if (!settings.contains(section) || !settings.at(section).is_object()) return;
    for (const char* key : keys) settings[section].erase(key);
    if (settings[section].empty()) settings.erase(section);
  };
  erase("train", {"device", "threads", "checkpoint_every"});
  erase("sampler", {"threads", "queue"});
  return settings;
}

// Sections of methods are left to the rows that have them; compare shows those from the runs.
Json shared_settings(const PlannedStudy& study) {
  Json out = study.plan.common;
  if (study.plan_dataset) merge(out, study.plan_dataset->settings);
  merge(out, study.request.over);
  return without_machine(out);
}

// Runs are added to those there already; other rows are kept.
void add_rows(Json& rows, const Json& more) {
  for (const Json& row : more) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const Json& r) { return r.at("name") == row.at("name"); });
    if (same == rows.end()) {
      rows.push_back(row);
      continue;
    }
    Json merged = row;
    merged["runs"] = same->at("runs");
    for (const Json& run : row.at("runs"))
      if (std::find(merged["runs"].begin(), merged["runs"].end(), run) == merged["runs"].end()) merged["runs"].push_back(run);
    *same = merged;
  }
}

// Rows stand in the plan's order whatever the order in which they were asked for.
void sort_rows(Json& rows, const Plan& plan) {
  const auto place = [&](const Json& row) {
    return std::find_if(plan.rows.begin(), plan.rows.end(), [&](const PlanRow& r) { return r.name == row.at("name"); });
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const Json& a, const Json& b) { return place(a) < place(b); });
}

void list_leaves(const Json& tree, const std::string& path, std::vector<std::string>& out) {
  for (const auto& [key, value] : tree.items()) {
    const std::string name = path.empty() ? key : path + "." + key;
    if (value.is_object())
      list_leaves(value, name, out);
    else
      out.push_back(name + " = " + value.dump());
  }
}

Json notes_of(const PlannedStudy& study, const Json& rows) {
  Json out = study.plan.notes;
  std::vector<std::string> changed;
  list_leaves(without_machine(study.request.over), "", changed);
  if (!changed.empty()) out.push_back("Other than the plan says, in every row: " + join(changed, ", ") + ".");
  for (const Json& row : rows)
    if (!row.value("note", "").empty())
      out.push_back(concat(row.at("title").get<std::string>(), ": ", row.at("note").get<std::string>()));
  return out;
}

}  // namespace

PlannedStudy make_study(Plan plan, StudyRequest request) {
  PlannedStudy study;
  study.plan = std::move(plan);
  study.request = std::move(request);
  const StudyRequest& asked = study.request;
  study.dataset_name = read_dataset_record(asked.dataset).name;
  const Split split = split_of(asked);
  study.labelled_cases = static_cast<int64_t>(split.cases(Role::kLabelled).size());
  study.test_cases = static_cast<int64_t>(split.cases(Role::kTest).size());
  study.plan_dataset = choose_dataset(study.plan, asked.plan_dataset);
  study.published_count = choose_count(study);
  std::vector<const PlanRow*> rows;
  if (asked.rows.empty())
    for (const PlanRow& row : study.plan.rows) rows.push_back(&row);
  for (const std::string& name : asked.rows) {
    const PlanRow* row = &study.plan.row(name);
    if (std::find(rows.begin(), rows.end(), row) != rows.end())
      throw InputError("--rows", "'" + name + "' stands twice", "each row once");
    rows.push_back(row);
  }
  for (size_t i = 0; i < asked.seeds.size(); ++i) {
    if (std::find(asked.seeds.begin(), asked.seeds.begin() + static_cast<std::ptrdiff_t>(i), asked.seeds[i]) !=
        asked.seeds.begin() + static_cast<std::ptrdiff_t>(i))
      throw InputError("--seed-list", concat(asked.seeds[i], " stands twice"), "each seed once");
  }
  for (const int64_t seed : asked.seeds) {
    for (const PlanRow* row : rows) {
      StudyRun run;
      run.name = concat(row->name, "-seed", seed);
      run.row = row->name;
      run.seed = seed;
      run.configuration = row_configuration(study.plan, study.plan_dataset ? &*study.plan_dataset : nullptr, *row, asked.over);
      run.configuration["seed"] = seed;
      if (!asked.split.empty()) run.configuration["split"] = asked.split;
      study.runs.push_back(std::move(run));
    }
  }
  return study;
}

Json study_record(const PlannedStudy& study) {
  const Plan& plan = study.plan;
  const PlanDataset* dataset = study.plan_dataset ? &*study.plan_dataset : nullptr;
  Json out;
  out["title"] = plan.title;
  out["source"] = plan.source;
  out["protocol"] = plan.protocol;
  out["plan"] = plan.origin;
  out["dataset"] = study.dataset_name;
  out["plan_dataset"] = dataset ? Json(dataset->name) : Json();
  out["labelled"] = study.labelled_cases;
  out["published_labelled"] = study.published_count ? Json(*study.published_count) : Json();
  out["settings"] = shared_settings(study);
  out["split"] = study.request.split;
  out["evaluate"] = write_options(plan.evaluation);
  out["rows"] = Json::array();
  for (const PlanRow& row : plan.rows) {
    Json runs = Json::array();
    for (const StudyRun& run : study.runs)
      if (run.row == row.name) runs.push_back(run.name);
    if (runs.empty()) continue;
    Json published;
    if (const auto scores = study.published_count ? published_scores(row, dataset, *study.published_count) : std::nullopt)
      published = {{"dice", scores->dice}, {"jaccard", scores->jaccard}, {"hd95", scores->hd95}, {"asd", scores->asd}};
    out["rows"].push_back({{"name", row.name},
                           {"title", row.title},
                           {"method", row.method},
                           {"note", row.note},
                           {"published", published},
                           {"runs", runs}});
  }
  out["notes"] = notes_of(study, out.at("rows"));
  return out;
}

void write_study_record(const PlannedStudy& study) {
  const fs::path path = study.request.out / "study.json";
  constexpr double kStale = 30;  // held for milliseconds
  std::optional<FolderLock> lock;
  while (!(lock = FolderLock::acquire(study.lock_file("study"), kStale)))
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  Json record = study_record(study);
  if (fs::exists(path)) {
    const Json stored = read_json(path);
    try {
      for (const char* field : {"title", "dataset", "plan_dataset", "labelled", "settings", "split", "evaluate"}) {
        if (field == std::string("split") && !stored.contains(field)) continue;  // studies of earlier versions
        if (stored.at(field) == record.at(field)) continue;
        throw InputError(path.string() + ": " + field,
                         "is " + stored.at(field).dump() + ", and this study's is " + record.at(field).dump(),
                         "the same, or another --out");
      }
      Json rows = stored.at("rows");
      add_rows(rows, record.at("rows"));
      sort_rows(rows, study.plan);
      record["rows"] = rows;
      record["notes"] = notes_of(study, rows);
    } catch (const Json::exception&) {
      throw InputError(path.string(), "was not written by study", "another --out");
    }
    if (record == stored) return;
  }
  write_json(path, record);
}

}  // namespace tss
