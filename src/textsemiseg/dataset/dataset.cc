#include "textsemiseg/dataset/dataset.h"

#include <algorithm>
#include <mutex>

#include "textsemiseg/base/config.h"
#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/base/text_encoding.h"
#include "textsemiseg/dataset/case_reader.h"
#include "textsemiseg/dataset/class_presence.h"
#include "textsemiseg/io/scan.h"
#include "textsemiseg/source/dataset_json.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// Inside the source folder: relative to it, so that the record stays readable.
std::string relative_to(const fs::path& file, const fs::path& folder) {
  const fs::path relative = file.lexically_relative(folder);
  return relative.empty() || starts_with(relative.string(), "..") ? file.string() : relative.string();
}

size_t index_of(const std::vector<SourceRecord>& sources, const std::string& name, const fs::path& file) {
  for (size_t s = 0; s < sources.size(); ++s)
    if (sources[s].name == name) return s;
  throw InputError(file.string() + ": cases", "a case of source '" + name + "', which is not among the sources", "one of them");
}

fs::path split_file(const fs::path& folder, const std::string& name) {
  if (name.empty()) return folder / "split.json";
  for (const fs::path& path : {fs::path(name), folder / name, folder / "folds" / (name + ".json")}) {
    if (fs::is_regular_file(path)) return path;
  }
  throw InputError("split '" + name + "'", "no such file, nor " + (folder / "folds" / (name + ".json")).string(),
                   "a split file, or a fold that prepare --folds wrote");
}

// Folds that an earlier split left behind would train on its test cases.
void check_fold(const fs::path& file, const Split& fold, const fs::path& folder) {
  if (!fs::exists(folder / "split.json") || fs::weakly_canonical(file.parent_path()) != fs::weakly_canonical(folder / "folds"))
    return;
  const Split split = read_split(folder / "split.json");
  for (const std::string& id : split.cases(Role::kTest)) {
    for (const Role role : {Role::kLabelled, Role::kUnlabelled, Role::kValidation}) {
      const auto& ids = fold.cases(role);
      if (std::find(ids.begin(), ids.end(), id) == ids.end()) continue;
      throw InputError(file.string(), concat("case '", id, "' is ", role_name(role), " here and a test case of split.json"),
                       "folds of this split: run textsemiseg prepare with --folds and --overwrite");
    }
  }
}

}  // namespace

bool is_dataset_record(const Json& json) {
  return json.is_object() && json.contains("recipe") && json.contains("cases") && json.contains("source");
}

std::vector<SplitCase> split_cases(const DatasetRecord& record) {
  std::vector<SplitCase> out;
  for (const SourceCase& item : record.cases) {
    const bool labelled = !item.label.empty();
    out.push_back(
        {item.id, labelled, item.test, item.validation, item.added, labelled && !record.groups_of(item).tells_all_apart()});
  }
  return out;
}

const LabelTable& DatasetRecord::labels_of(const SourceCase& item) const {
  return sources.empty() ? label_table : sources.at(item.source).label_table;
}

const ClassGroups& DatasetRecord::groups_of(const SourceCase& item) const {
  static const ClassGroups kAll;
  return sources.empty() ? kAll : sources.at(item.source).groups;
}

const ClassGroups& DatasetRecord::groups_of(const std::string& id) const {
  const auto found = std::find_if(cases.begin(), cases.end(), [&](const SourceCase& item) { return item.id == id; });
  if (found == cases.end()) throw Error("no case '" + id + "'");
  return groups_of(*found);
}

Cache DatasetRecord::cache_in(const fs::path& folder) const {
  const auto classes = static_cast<int64_t>(class_names.size());
  if (sources.empty()) return {folder, recipe, classes, label_table};
  std::vector<LabelTable> tables;
  for (const SourceRecord& one : sources) tables.push_back(one.label_table);
  return {folder, recipe, classes, tables};
}

DatasetRecord read_dataset_record(const fs::path& folder) {
  const fs::path file = folder / "dataset.json";
  if (folder.empty()) throw InputError("dataset", "has no folder", "a folder made by prepare");
  require_utf8(fs::absolute(folder).string(), "folder");
  if (!fs::is_directory(folder)) throw InputError(folder.string(), "no such folder", "a dataset made by textsemiseg prepare");
  if (!fs::exists(file)) throw InputError(file.string(), "missing", "a dataset made by textsemiseg prepare");
  const Json json = read_json(file);
  const DatasetDescription description = parse_dataset_json(json, file.string());
  if (!is_dataset_record(json)) {
    throw InputError(file.string(), "has no recipe, source or cases, so it was not prepared yet",
                     "a dataset made by textsemiseg prepare --source " + folder.string() + " --dataset ANOTHER_FOLDER");
  }
  if (description.class_names.empty()) throw InputError(file.string() + ": labels", "missing", R"({"0": "background", ...})");
  DatasetRecord record;
  record.name = description.name;
  record.class_names = description.class_names;
  record.class_texts = description.class_texts;
  record.channel_names = description.channel_names;
  record.recipe.read_config(json.at("recipe"), "recipe", file.string());
  record.recipe.check();
  const std::string label_values = file.string() + ": label_values";
  const auto rules =
      json.contains("label_values") ? label_rules_from_json(json.at("label_values"), label_values) : std::vector<LabelRule>{};
  record.label_table = LabelTable::of(rules, record.class_names, label_values);
  if (json.contains("channels") && !config_detail::convert(json.at("channels"), record.channels))
    config_detail::throw_wrong_type(file.string(), "channels", json.at("channels"), "an integer");
  try {
    record.source = json.at("source").get<std::string>();
    record.layout = json.value("layout", "");
    for (const Json& one : json.value("sources", Json::array()))
      record.sources.push_back(source_record_from_json(one, record.class_names, file.string() + ": sources"));
    for (const Json& entry : json.at("cases")) {
      SourceCase item;
      item.id = entry.at("id").get<std::string>();
      if (!record.sources.empty()) item.source = index_of(record.sources, entry.at("source").get<std::string>(), file);
      const fs::path from = record.sources.empty() ? record.source : record.sources[item.source].folder;
      for (const Json& image : entry.at("images")) item.images.push_back(from / image.get<std::string>());
      if (entry.contains("label") && !entry.at("label").is_null()) item.label = from / entry.at("label").get<std::string>();
      item.test = entry.value("test", false);
      item.validation = entry.value("validation", false);
      if (item.images.empty()) throw InputError(file.string() + ": cases", "case '" + item.id + "' has no image", "at least one");
      record.cases.push_back(std::move(item));
    }
  } catch (const Json::exception& error) {
    throw InputError(file.string() + ": cases", error.what(), R"([{"id": ..., "images": [...], "label": ... or null}])");
  }
  check_case_ids(record.cases, file.string() + ": cases");
  return record;
}

void write_dataset_record(const fs::path& folder, const DatasetRecord& record) {
  Json json = {{"name", record.name}, {"labels", labels_to_json(record.class_names)}};
  const Json texts = texts_to_json(record.class_texts, record.class_names);
  if (!texts.empty()) json["text"] = texts;
  for (size_t c = 0; c < record.channel_names.size(); ++c) json["channel_names"][std::to_string(c)] = record.channel_names[c];
  if (record.channels > 0) json["channels"] = record.channels;
  if (!record.label_table.is_identity()) json["label_values"] = label_rules_to_json(record.label_table.rules);
  json["recipe"] = write_options(record.recipe);
  json["source"] = record.source.string();
  json["layout"] = record.layout;
  for (const SourceRecord& one : record.sources) json["sources"].push_back(to_json(one, record.class_names));
  json["cases"] = Json::array();
  for (const SourceCase& item : record.cases) {
    const fs::path& from = record.sources.empty() ? record.source : record.sources[item.source].folder;
    Json entry = {{"id", item.id}, {"images", Json::array()}, {"label", nullptr}};
    if (!record.sources.empty()) entry["source"] = record.sources[item.source].name;
    for (const fs::path& image : item.images) entry["images"].push_back(relative_to(image, from));
    if (!item.label.empty()) entry["label"] = relative_to(item.label, from);
    if (item.test) entry["test"] = true;
    if (item.validation) entry["validation"] = true;
    json["cases"].push_back(std::move(entry));
  }
  write_json(folder / "dataset.json", json);
}

Dataset Dataset::open(const fs::path& folder, const std::string& split) {
  DatasetRecord record = read_dataset_record(folder);
  Dataset dataset;
  dataset.folder_ = folder;
  dataset.name_ = record.name;
  dataset.class_names_ = record.class_names;
  dataset.class_texts_ = record.class_texts;
  dataset.label_table_ = record.label_table;
  dataset.channels_ = record.channels > 0    ? record.channels
                      : record.cases.empty() ? 1
                                             : static_cast<int64_t>(record.cases.front().images.size());
  dataset.recipe_ = record.recipe;
  const auto cases = split_cases(record);
  dataset.cache_ = std::make_shared<const Cache>(record.cache_in(folder));
  dataset.records_ = record.sources;
  for (SourceCase& item : record.cases) {
    const std::string id = item.id;
    if (!dataset.sources_.emplace(id, std::move(item)).second) {
      throw InputError((folder / "dataset.json").string() + ": cases", "case '" + id + "' is listed twice", "every case once");
    }
  }
  const fs::path file = split_file(folder, split);
  if (!fs::exists(file)) throw InputError(file.string(), "missing", "a split written by textsemiseg prepare");
  dataset.split_ = read_split(file);
  check_roles(dataset.split_, cases, file.string());
  if (!split.empty()) check_fold(file, dataset.split_, folder);
  for (const Role role : kRoles) {
    for (const std::string& id : dataset.cases(role)) {
      if (!fs::exists(dataset.cache_->folder_of(id) / "case.json")) {
        throw InputError(dataset.cache_->folder_of(id).string(), "the prepared arrays of case '" + id + "' are missing",
                         "a complete cache: run textsemiseg prepare again");
      }
    }
  }
  return dataset;
}

const SourceCase& Dataset::source(const std::string& id) const {
  const auto found = sources_.find(id);
  if (found == sources_.end())
    throw InputError((folder_ / "dataset.json").string(), "has no case '" + id + "'", "an id of the dataset");
  return found->second;
}

CachedCase Dataset::load(const std::string& id, LabelUse label, Soundness soundness) const {
  const SourceCase& item = source(id);
  std::string reason;
  switch (cache_->state(item, &reason, false, label)) {
    case Cache::State::kCurrent:
      break;
    case Cache::State::kSourceGone:
      if (!warned_->exchange(true)) {
        log_warning(folder_.string() + ": " + reason + "; the arrays prepared from it are used, unchecked");
      }
      break;
    case Cache::State::kMissing:
    case Cache::State::kStale:
      throw InputError(cache_->folder_of(id).string(),
                       "the prepared arrays of case '" + id + "' are out of date (" + reason + ")",
                       "a current cache: run textsemiseg prepare again");
  }
  CacheEntry entry = cache_->map(id, label);
  CachedCase loaded;
  loaded.require_sound = [once = std::make_shared<std::once_flag>(), cache = cache_, id, label] {
    std::call_once(*once, [&] { cache->require_sound(id, cache->map(id, label)); });
  };
  if (soundness == Soundness::kAtOnce) loaded.require_sound();
  loaded.id = id;
  loaded.geometry = entry.geometry;
  loaded.image = std::move(entry.image);
  loaded.label = std::move(entry.label);
  loaded.source_image = item.images.front();
  loaded.source_label = item.label;
  return loaded;
}

std::vector<std::string> Dataset::unseen_classes() const {
  return tss::unseen_classes(*cache_, cases(Role::kLabelled), class_names_, [&](const auto& id) { return groups(id); });
}

std::string Dataset::source_name(const std::string& id) const {
  return records_.empty() ? "" : records_.at(source(id).source).name;
}

const ClassGroups& Dataset::groups(const std::string& id) const {
  static const ClassGroups kAll;
  return records_.empty() ? kAll : records_.at(source(id).source).groups;
}

LabelMap Dataset::read_label(const std::string& id) const {
  const SourceCase& item = source(id);
  if (item.label.empty())
    throw InputError((folder_ / "dataset.json").string(), "case '" + id + "' has no label", "a case with a label");
  // On the image's grid, as predictions are.
  const LabelTable& table = records_.empty() ? label_table_ : records_.at(item.source).label_table;
  return read_classes(item.label, Scan::open(item.images.front())->geometry(), table, class_names_);
}

}  // namespace tss
