#include "textsemiseg/study/table_plan.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/study/table_plan_files.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

bool is_name(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

void check_section(const Json& settings, const std::string& subject) {
  if (!settings.is_object()) throw InputError(subject, "found " + type_name_of(settings), "a section");
  // Where the runs lie and how they differ is the study's business.
  for (const char* key : {"dataset", "split", "seed", "method"})
    if (settings.contains(key)) throw InputError(subject + "." + key, "is not a setting of a plan", "an option of study instead");
}

// Reads one entry of the file and says where it stands in every message: "row 3 (ua_mt)".
class Entry {
 public:
  Entry(const char* list, size_t index, const Json& entry, std::string source)
      : entry_(entry), subject_(concat(list, " ", index + 1)), source_(std::move(source)) {
    const auto name = entry.is_object() ? entry.find("name") : entry.end();
    if (entry.is_object() && name != entry.end() && name->is_string()) subject_ += " (" + name->get<std::string>() + ")";
  }
  template <class Options>
  void read(Options& options) const {
    FieldReader reader(entry_, subject_, source_);
    options.visit(reader);
    reader.check_unknown();
  }
  [[noreturn]] void fail(const std::string& field, const std::string& found, const std::string& expected) const {
    throw InputError(source_ + ": " + subject_ + "." + field, found, expected);
  }
  void check_name(const std::string& name) const {
    if (!is_name(name)) fail("name", "found '" + name + "'", "letters a-z, digits and _, as it names folders");
  }
  void check_settings(const Json& settings) const { check_section(settings, source_ + ": " + subject_ + ".settings"); }

 private:
  const Json& entry_;
  std::string subject_, source_;
};

struct DatasetFields {
  PlanDataset& out;
  template <class V>
  void visit(V& v) {
    v("name", out.name);
    v("title", out.title);
    v("preparation", out.preparation);
    v("labelled", out.labelled);
    v("classes", out.classes);
    v("recipe", out.recipe);
    v("split", out.split);
    v("settings", out.settings);
  }
};

struct RowFields {
  PlanRow& out;
  Json published = Json::object();
  template <class V>
  void visit(V& v) {
    v("name", out.name);
    v("title", out.title);
    v("method", out.method);
    v("note", out.note);
    v("shorter_than", out.shorter_than);
    v("settings", out.settings);
    v("published", published);
  }
};

struct PlanFields {
  Plan& out;
  std::string extends = {};  // resolved before
  Json datasets = Json::array(), rows = Json::array();
  template <class V>
  void visit(V& v) {
    v("extends", extends);
    v("title", out.title);
    v("source", out.source);
    v("protocol", out.protocol);
    v("notes", out.notes);
    v("common", out.common);
    v("evaluate", out.evaluation);
    v("dataset", datasets);
    v("row", rows);
  }
};

// The file with what it extends below it.
Json read_tree(const std::string& text, const std::string& source) {
  Json tree = parse_toml(text, source);
  const auto extends = tree.find("extends");
  if (extends == tree.end() || !extends->is_string()) return tree;
  const std::string name = extends->get<std::string>();
  const auto file = plan_files().find(name);
  if (file == plan_files().end() || name == source)
    throw InputError(source + ": extends", "found '" + name + "'" + did_you_mean(name, plan_names()),
                     "one of " + join(plan_names(), ", "));
  Json base = read_tree(file->second, name);
  for (const char* key : {"title", "source", "row"}) base.erase(key);
  Json notes = base.value("notes", Json::array());
  merge(base, tree);
  if (tree.contains("notes") && tree.at("notes").is_array()) {
    notes.insert(notes.end(), tree.at("notes").begin(), tree.at("notes").end());
    base["notes"] = notes;
  }
  return base;
}

PublishedScores read_scores(const Json& values, const Entry& entry, const std::string& field) {
  const bool right = values.is_array() && values.size() == 4 &&
                     std::all_of(values.begin(), values.end(), [](const Json& value) { return value.is_number(); });
  if (!right) entry.fail(field, "found " + values.dump(), "[Dice, Jaccard, 95HD, ASD]");
  const PublishedScores out{values[0], values[1], values[2], values[3]};
  if (out.dice < 1 || out.dice > 100 || out.jaccard > out.dice || out.jaccard <= 0 || out.hd95 < 0 || out.asd < 0)
    entry.fail(field, "found " + values.dump(), "Dice and Jaccard in percent, the larger first, and two distances");
  return out;
}

void read_published(const Json& published, const Plan& plan, const Entry& entry, PlanRow& row) {
  if (!published.is_object()) entry.fail("published", "found " + published.dump(), "a section");
  for (const auto& [name, counts] : published.items()) {
    const std::string field = "published." + name;
    const auto dataset = std::find_if(plan.datasets.begin(), plan.datasets.end(), [&](const auto& d) { return d.name == name; });
    if (dataset == plan.datasets.end()) entry.fail(field, "the plan has no dataset of this name", "the name of a [[dataset]]");
    if (!counts.is_object()) entry.fail(field, "found " + counts.dump(), "{6 = [Dice, Jaccard, 95HD, ASD]}");
    for (const auto& [key, values] : counts.items()) {
      const std::string inner = field + "." + key;
      const auto known = std::find_if(dataset->labelled.begin(), dataset->labelled.end(),
                                      [&, &word = key](int64_t n) { return std::to_string(n) == word; });
      if (known == dataset->labelled.end())
        entry.fail(inner, "is not one of the dataset's labelled counts", join(dataset->labelled, ", "));
      row.published[{name, *known}] = read_scores(values, entry, inner);
    }
  }
}

template <class Item>
const Item& find_named(const std::vector<Item>& items, const std::string& name, const std::string& subject) {
  std::vector<std::string> names;
  for (const Item& item : items) {
    if (item.name == name) return item;
    names.push_back(item.name);
  }
  throw InputError(subject, "found '" + name + "'" + did_you_mean(name, names), "one of " + join(names, ", "));
}

template <class Item>
void check_unique(const std::vector<Item>& items, const Entry& entry) {
  for (size_t i = 0; i + 1 < items.size(); ++i)
    if (items[i].name == items.back().name) entry.fail("name", "stands twice in the plan", "different names");
}

}  // namespace

const PlanDataset& Plan::dataset(const std::string& name) const { return find_named(datasets, name, origin + ": [[dataset]]"); }
const PlanRow& Plan::row(const std::string& name) const { return find_named(rows, name, origin + ": [[row]]"); }

Plan parse_plan(const std::string& text, const std::string& source) {
  Plan plan;
  plan.origin = source;
  PlanFields fields{plan};
  read_options(read_tree(text, source), source, fields);
  if (plan.title.empty()) throw InputError(source + ": title", "is missing", "text");
  check_section(plan.common, source + ": common");
  if (plan.evaluation.min_component < 0)
    throw InputError(source + ": evaluate.min_component", concat("found ", plan.evaluation.min_component), "0 or more");
  if (!fields.datasets.is_array()) throw InputError(source + ": dataset", "is one section", "[[dataset]], a list");
  for (size_t i = 0; i < fields.datasets.size(); ++i) {
    const Entry entry("dataset", i, fields.datasets[i], source);
    PlanDataset& dataset = plan.datasets.emplace_back();
    DatasetFields dataset_fields{dataset};
    entry.read(dataset_fields);
    entry.check_name(dataset.name);
    entry.check_settings(dataset.settings);
    for (const int64_t count : dataset.labelled)
      if (count < 1) entry.fail("labelled", concat("found ", count), "numbers of labelled cases, 1 or more");
    if (dataset.title.empty()) dataset.title = dataset.name;
    check_unique(plan.datasets, entry);
  }
  if (!fields.rows.is_array() || fields.rows.empty()) throw InputError(source + ": row", "is missing", "at least one [[row]]");
  for (size_t i = 0; i < fields.rows.size(); ++i) {
    const Entry entry("row", i, fields.rows[i], source);
    PlanRow& row = plan.rows.emplace_back();
    RowFields row_fields{row};
    entry.read(row_fields);
    entry.check_name(row.name);
    entry.check_settings(row.settings);
    if (row.shorter_than < 0) entry.fail("shorter_than", concat("found ", row.shorter_than), "iterations, 0 or more");
    if (row.method.empty()) row.method = row.name;
    if (row.title.empty()) row.title = row.name;
    read_published(row_fields.published, plan, entry, row);
    check_unique(plan.rows, entry);
  }
  return plan;
}

Plan read_plan(const std::string& name_or_path) {
  const auto own = plan_files().find(name_or_path);
  if (own != plan_files().end()) return parse_plan(own->second, name_or_path);
  if (!fs::exists(name_or_path))
    throw InputError("--plan", "found '" + name_or_path + "'" + did_you_mean(name_or_path, plan_names()),
                     "a file, or one of " + join(plan_names(), ", "));
  return parse_plan(read_text_file(name_or_path), name_or_path);
}

std::vector<std::string> plan_names() {
  std::vector<std::string> out;
  for (const auto& [name, text] : plan_files()) out.push_back(name);
  return out;
}

Json row_configuration(const Plan& plan, const PlanDataset* dataset, const PlanRow& row, const Json& over) {
  Json out = plan.common;
  if (dataset) merge(out, dataset->settings);
  merge(out, row.settings);
  merge(out, over);
  out["method"] = row.method;
  return out;
}

std::optional<PublishedScores> published_scores(const PlanRow& row, const PlanDataset* dataset, int64_t labelled) {
  if (!dataset) return std::nullopt;
  const auto found = row.published.find({dataset->name, labelled});
  return found == row.published.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace tss
