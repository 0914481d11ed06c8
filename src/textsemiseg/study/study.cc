#include "textsemiseg/study/study.h"

#include <algorithm>
#include <thread>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/folder_lock.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/split.h"
#include "textsemiseg/runs/data_setting.h"
#include "textsemiseg/runs/result_keys.h"
#include "textsemiseg/study/published_data.h"

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

bool has_figures(const PlannedStudy& study, int64_t count) {
  return std::any_of(study.plan.rows.begin(), study.plan.rows.end(),
                     [&](const PlanRow& row) { return published_scores(row, &*study.plan_dataset, count).has_value(); });
}

std::optional<int64_t> choose_count(const PlannedStudy& study) {
  const int64_t asked = study.request.labelled, found = study.labelled_cases;
  if (!study.plan_dataset) {
    if (asked > 0) throw InputError("--labelled", "needs the dataset whose figures apply", "--plan-dataset as well");
    return std::nullopt;
  }
  const std::vector<int64_t>& known = study.plan_dataset->labelled;
  const bool published = std::find(known.begin(), known.end(), asked > 0 ? asked : found) != known.end();
  if (asked == 0) return published && study.not_as_published.empty() ? std::optional(found) : std::nullopt;
  if (!published)
    throw InputError("--labelled", concat("found ", asked),
                     "one of " + join(known, ", ") + ", the counts of " + study.plan_dataset->title);
  if (asked != found)
    throw InputError(study.request.dataset.string(), concat("its split has ", found, " labelled cases"),
                     concat(asked, ", as --labelled says, or no --labelled, for a study without published figures"));
  if (!study.not_as_published.empty())
    throw InputError(study.request.dataset.string(), join(study.not_as_published, "; "),
                     "the data of the published figures that --labelled asks for, or no --labelled, for a study without them");
  return asked;
}

// Sections of methods are left to the rows that have them; compare shows those from the runs.
Json shared_settings(const PlannedStudy& study) {
  Json out = study.plan.common;
  if (study.plan_dataset) merge(out, study.plan_dataset->settings);
  merge(out, study.request.over);
  return deciding_settings(out);  // machines that work on one study may differ in the rest
}

// Runs are added to those there already; other rows are kept.
void add_rows(std::vector<StudyRecordRow>& rows, const std::vector<StudyRecordRow>& more) {
  for (const StudyRecordRow& row : more) {
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const StudyRecordRow& r) { return r.name == row.name; });
    if (same == rows.end()) {
      rows.push_back(row);
      continue;
    }
    std::vector<std::string> runs = std::move(same->runs);
    for (const std::string& run : row.runs)
      if (std::find(runs.begin(), runs.end(), run) == runs.end()) runs.push_back(run);
    *same = row;
    same->runs = std::move(runs);
  }
}

// Rows stand in the plan's order whatever the order in which they were asked for.
void sort_rows(std::vector<StudyRecordRow>& rows, const Plan& plan) {
  const auto place = [&](const StudyRecordRow& row) {
    return std::find_if(plan.rows.begin(), plan.rows.end(), [&](const PlanRow& r) { return r.name == row.name; });
  };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const StudyRecordRow& a, const StudyRecordRow& b) { return place(a) < place(b); });
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

std::vector<std::string> notes_of(const PlannedStudy& study, const std::vector<StudyRecordRow>& rows) {
  std::vector<std::string> out = study.plan.notes;
  std::vector<std::string> changed;
  list_leaves(deciding_settings(study.request.over), "", changed);
  if (!changed.empty()) out.push_back("Other than the plan says, in every row: " + join(changed, ", ") + ".");
  if (!study.not_as_published.empty())
    out.push_back("Published figures are left out: " + join(study.not_as_published, "; ") + ".");
  for (const StudyRecordRow& row : rows)
    if (!row.note.empty()) out.push_back(concat(row.title, ": ", row.note));
  return out;
}

// Throws InputError naming the first field by which the study that is there is another one.
void require_same_study(const StudyRecord& stored, const StudyRecord& record, const std::string& file) {
  Json was = write_options(stored);
  const Json is = write_options(record);
  was["settings"] = deciding_settings(stored.settings);  // earlier versions let fewer keys differ
  for (const char* field : {"title", "dataset", "plan_dataset", "labelled", "settings", "split", "evaluate", "text_encoder"}) {
    if (field == std::string("split") && !stored.split.value) continue;  // studies of earlier versions
    // These do not know theirs, and rows without class texts say nothing of it.
    if (field == std::string("text_encoder") &&
        (stored.text_encoder.value.value_or("").empty() || record.text_encoder.value == ""))
      continue;
    if (was.at(field) == is.at(field)) continue;
    throw InputError(file + ": " + field, "is " + was.at(field).dump() + ", and this study's is " + is.at(field).dump(),
                     "the same, or another --out");
  }
}

// Of every run: a plan's rows share them.
int64_t iterations_of(const PlannedStudy& study) {
  constexpr int64_t kOfTrain = 30000;  // where neither plan nor command says any
  const Json settings = shared_settings(study);
  const Json train = settings.value("train", Json::object());
  const Json found = train.is_object() ? train.value("iterations", Json()) : Json();
  return found.is_number_integer() ? found.get<int64_t>() : kOfTrain;
}

}  // namespace

PlannedStudy make_study(Plan plan, StudyRequest request) {
  PlannedStudy study;
  study.plan = std::move(plan);
  study.request = std::move(request);
  const StudyRequest& asked = study.request;
  const DatasetRecord record = read_dataset_record(asked.dataset);
  study.dataset_name = record.name;
  const Split split = split_of(asked);
  study.data = data_setting_of(record, split);
  study.labelled_cases = static_cast<int64_t>(split.cases(Role::kLabelled).size());
  study.test_cases = static_cast<int64_t>(split.cases(Role::kTest).size());
  study.plan_dataset = choose_dataset(study.plan, asked.plan_dataset);
  if (study.plan_dataset && has_figures(study, study.labelled_cases))
    study.not_as_published = differences_from_published(*study.plan_dataset, study.plan.origin, record, split);
  study.published_count = choose_count(study);
  std::vector<const PlanRow*> rows;
  const int64_t iterations = iterations_of(study);
  if (asked.rows.empty())
    for (const PlanRow& row : study.plan.rows)
      if (row.shorter_than == 0 || iterations < row.shorter_than) rows.push_back(&row);
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

StudyRecord study_record(const PlannedStudy& study) {
  const Plan& plan = study.plan;
  const PlanDataset* dataset = study.plan_dataset ? &*study.plan_dataset : nullptr;
  StudyRecord out;
  out.title = plan.title;
  out.source = plan.source;
  out.protocol = plan.protocol;
  out.plan = plan.origin;
  out.dataset = study.dataset_name;
  if (dataset) out.plan_dataset.value = dataset->name;
  out.labelled.value = study.labelled_cases;
  out.published_labelled.value = study.published_count;
  if (study.published_count) out.published_setting = study.data;
  out.text_encoder.value = study.text_encoder;
  out.settings = shared_settings(study);
  out.split.value = study.request.split;
  out.evaluate = write_options(plan.evaluation);
  for (const PlanRow& row : plan.rows) {
    StudyRecordRow entry{row.name, row.title, row.method, row.note, Json(), {}};
    for (const StudyRun& run : study.runs)
      if (run.row == row.name) entry.runs.push_back(run.name);
    if (entry.runs.empty()) continue;
    if (const auto scores = study.published_count ? published_scores(row, dataset, *study.published_count) : std::nullopt)
      entry.published = {{"dice", scores->dice}, {"jaccard", scores->jaccard}, {"hd95", scores->hd95}, {"asd", scores->asd}};
    out.rows.list.push_back(std::move(entry));
  }
  out.notes = notes_of(study, out.rows.list);
  return out;
}

void write_study_record(const PlannedStudy& study) {
  const StudyFolder folder = study.folder();
  const fs::path path = folder.record();
  constexpr double kStale = 30;  // held for milliseconds
  std::optional<FolderLock> lock;
  while (!(lock = FolderLock::acquire(folder.lock("study"), kStale))) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  StudyRecord record = study_record(study);
  if (fs::exists(path)) {
    StudyRecord stored;
    try {
      stored = read_study_record(folder);
    } catch (const InputError& error) {
      throw InputError(path.string(), concat("was not written by study (", error.what(), ")"), "another --out");
    }
    require_same_study(stored, record, path.string());
    if (study.text_encoder.empty() && stored.text_encoder.value) record.text_encoder = stored.text_encoder;
    add_rows(stored.rows.list, record.rows.list);
    sort_rows(stored.rows.list, study.plan);
    record.rows = std::move(stored.rows);
    record.notes = notes_of(study, record.rows.list);
    if (write_options(record) == read_json(path)) return;
  }
  write_study_record(folder, record);
}

}  // namespace tss
