#include "textsemiseg/dataset/gathered_sources.h"

#include <algorithm>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/source/file_patterns.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

// The classes of --classes, and what --label-map says beside: values and names that are one of them.
LabelClasses mapped_onto(const std::vector<std::string>& classes, const Source& source, const std::vector<LabelRule>& label_map) {
  if (!source.class_names.empty())
    throw InputError("--classes", "given together with --label-map and a dataset.json that names the classes", "one of them");
  std::vector<LabelRule> over = label_map;
  for (LabelRule& rule : over)
    if (name_key(rule.class_name) == "background") rule.class_name = classes.front();
  // A class has its place in the list as value, unless the map gives it another one.
  const auto has_value = [&](const std::string& name) {
    return std::any_of(over.begin(), over.end(), [&](const LabelRule& rule) {
      return rule.class_name == name && (rule.value == ">0" || stored_value(rule.value));
    });
  };
  std::vector<LabelRule> rules{{"0", classes.front()}};
  for (size_t k = 1; k < classes.size(); ++k)
    if (!has_value(classes[k])) rules.push_back({std::to_string(k), classes[k]});
  return {classes, LabelTable::of(with_rules(rules, over), classes, "--label-map")};
}

// Of a mask per structure those that are classes; the others are background.
LabelClasses classes_of_masks(const std::vector<std::string>& classes, const Source& source) {
  std::vector<LabelRule> dropped;
  for (size_t k = 1; k < classes.size(); ++k)
    if (std::find(source.class_names.begin(), source.class_names.end(), classes[k]) == source.class_names.end())
      throw InputError("--classes", "'" + classes[k] + "' is no mask" + did_you_mean(classes[k], source.class_names),
                       join(source.class_names, ", "));
  for (size_t k = 1; k < source.class_names.size(); ++k)
    if (std::find(classes.begin() + 1, classes.end(), source.class_names[k]) == classes.end())
      dropped.push_back({source.class_names[k], "background"});
  return mapped_onto(classes, Source{}, dropped);
}

// Names and values of the classes: --label-map, then the source's own dataset.json, then --classes, then the recipe's file.
LabelClasses choose_classes(const Source& source, const PrepareOptions& options) {
  const LabelClasses own{source.class_names, source.label_table};
  if (!options.label_map.empty()) {
    if (!options.classes.empty()) return mapped_onto(options.classes, source, options.label_map);
    std::vector<LabelRule> rules = own.table.rules;
    if (rules.empty()) {
      for (size_t k = 0; k < own.class_names.size(); ++k) rules.push_back({std::to_string(k), own.class_names[k]});
    }
    return classes_of_rules(with_rules(rules, options.label_map), "--label-map");
  }
  if (source.masks && !options.classes.empty()) return classes_of_masks(options.classes, source);
  if (!options.classes.empty()) {
    if (!source.class_names.empty() && source.class_names != options.classes) {
      throw InputError("--classes", join(options.classes, ", "),
                       "the classes of the source's dataset.json (" + join(source.class_names, ", ") + "), or no --classes");
    }
    if (!source.class_names.empty()) return own;
    return {options.classes, LabelTable::identity(static_cast<int64_t>(options.classes.size()))};
  }
  LabelClasses known = known_classes(source, options.facts, options.recipe.name);
  if (!known.class_names.empty()) return known;
  throw InputError(source.folder.string(), "has no dataset.json that names the classes, so they are unknown",
                   options.sources.empty() ? "--classes background,\"name of class 1\",... or --label-map \"1=name\""
                                           : "--label-map \"SOURCE:1=name\"");
}

// The texts of the source for the classes that it has; the others have their names.
ClassTexts texts_of(const std::vector<std::string>& class_names, const Source& source) {
  ClassTexts texts;
  for (const std::string& name : class_names) {
    const auto own = std::find(source.class_names.begin(), source.class_names.end(), name) - source.class_names.begin();
    const auto k = static_cast<size_t>(own);
    texts.push_back(k < source.class_texts.size() ? source.class_texts[k] : std::vector{name});
  }
  return texts;
}

void check_class_names(const std::vector<std::string>& names) {
  if (std::any_of(names.begin(), names.end(), [](const std::string& name) { return trim(name).empty(); }))
    throw InputError("--classes", "'" + join(names, ",") + "' holds an empty name", "a name for every class");
  if (names.size() < 2) throw InputError("--classes", join(names, ", "), "at least two, the background first");
  if (names.size() > 256) throw InputError("--classes", concat(names.size(), " names"), "at most 256");
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size())
    throw InputError("--classes", join(names, ", "), "distinct names");
}

GatheredRecord record_of_one(const PrepareOptions& options, const Source& source) {
  DatasetRecord record;
  record.name = source.name;
  const LabelClasses classes = choose_classes(source, options);
  record.class_names = classes.class_names;
  record.label_table = classes.table;
  record.class_texts = texts_of(record.class_names, source);
  record.channel_names = source.channel_names;
  if (!options.facts.channels.empty() && source.class_names.empty()) record.channel_names = options.facts.channels;
  record.recipe = options.recipe;
  record.source = source.folder;
  record.layout = source.layout;
  record.cases = source.cases;
  check_case_ids(record.cases, source.folder.string());
  check_class_names(record.class_names);
  return {std::move(record), {classes}};
}

// Of each class the texts of the first source that has it under this name.
ClassTexts texts_of_all(const std::vector<std::string>& class_names, const std::vector<Source>& sources) {
  ClassTexts texts = texts_of(class_names, sources.front());
  for (size_t k = 0; k < class_names.size(); ++k) {
    const auto has = std::find_if(sources.begin(), sources.end(), [&](const Source& source) {
      return std::find(source.class_names.begin(), source.class_names.end(), class_names[k]) != source.class_names.end();
    });
    if (has != sources.end()) texts[k] = texts_of({class_names[k]}, *has).front();
  }
  return texts;
}

// Different patients may have one id in two sources; one patient in two sources is for check to find.
void add_cases(DatasetRecord& record, const Source& source, size_t index) {
  std::set<std::string> taken;
  for (const SourceCase& item : record.cases) taken.insert(item.id);
  const std::string& name = record.sources[index].name;
  int64_t renamed = 0;
  for (SourceCase item : source.cases) {
    item.source = index;
    if (taken.contains(item.id)) {
      item.id = name + "_" + item.id;
      ++renamed;
    }
    if (!taken.insert(item.id).second)
      throw InputError(item.images.front().string(), "case '" + item.id + "' is there already", "another name");
    record.cases.push_back(std::move(item));
  }
  if (renamed > 0)
    log_warning(concat("source ", name, ": ", renamed, renamed == 1 ? " id is" : " ids are", " taken by a source before it; '",
                       name,
                       "_' stands before them. If they are the same scans, none may be in a test or validation role: check "
                       "--dataset looks"));
}

// People name one channel in many ways ("MRI", "T1"): only what is certainly wrong is refused, another number or the same names in
// another order.
void check_channels(const std::vector<std::string>& found, const std::vector<std::string>& first, const std::string& source) {
  if (found.empty() || first.empty() || found == first) return;
  if (found.size() == first.size() && !std::is_permutation(found.begin(), found.end(), first.begin())) return;
  throw InputError("source " + source, "has the channels " + join(found, ", "),
                   join(first, ", ") + " in this order, as the first source");
}

GatheredRecord record_of_several(const PrepareOptions& options, const std::vector<Source>& sources) {
  GatheredRecord out;
  DatasetRecord& record = out.record;
  std::vector<std::string> names, layouts;
  const auto add_new = [](std::vector<std::string>& list, const std::string& text) {
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  for (size_t s = 0; s < sources.size(); ++s) {
    PrepareOptions of_source = options;
    of_source.classes.clear();
    of_source.label_map = options.sources[s].label_map;
    out.own.push_back(choose_classes(sources[s], of_source));
    record.sources.push_back({options.sources[s].name, sources[s].folder, sources[s].layout, {}, {}});
    add_new(names, sources[s].name);
    add_new(layouts, sources[s].layout);
  }
  record.name = join(names, " + ");
  record.layout = join(layouts, " + ");
  record.source = sources.front().folder;
  record.class_names = options.classes.empty() ? out.own.front().class_names : options.classes;
  check_class_names(record.class_names);
  record.class_texts = texts_of_all(record.class_names, sources);
  record.channel_names = sources.front().channel_names;
  for (size_t s = 1; s < sources.size(); ++s)
    check_channels(sources[s].channel_names, record.channel_names, options.sources[s].name);
  record.recipe = options.recipe;
  for (size_t s = 0; s < sources.size(); ++s)
    match_classes(record.sources[s], out.own[s], record.class_names, options.class_rules);
  require_rules_used(options.class_rules, record.sources, out.own);
  record.label_table = LabelTable::identity(std::ssize(record.class_names));
  for (size_t s = 0; s < sources.size(); ++s) add_cases(record, sources[s], s);
  std::sort(record.cases.begin(), record.cases.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  check_case_ids(record.cases, record.source.string());
  return out;
}

void check_sources(const PrepareOptions& options) {
  std::set<std::string> names;
  for (const SourceFolder& one : options.sources) {
    if (one.name.empty() || one.name.find_first_of(":=,/\\") != std::string::npos)
      throw InputError("--source " + one.folder.string(), "the source is called '" + one.name + "'",
                       "a name without : = , / and \\, as in --source NAME=FOLDER");
    if (!names.insert(one.name).second)
      throw InputError("--source " + one.folder.string(), "there is a source '" + one.name + "' already",
                       "another name, as in --source NAME=FOLDER");
  }
  if (!options.files.label_file.empty())
    throw InputError("--label-file", "given with several --source", "sources whose labels are known by name or folder");
  if (options.fold && options.split_file.empty())
    throw InputError("--fold", "given with several --source", "--split with a list of folds, or lists");
}

}  // namespace

std::vector<Source> find_sources(const PrepareOptions& options) {
  SourceOptions files = options.files;
  if (options.split_file.empty()) files.fold = options.fold;
  if (options.sources.empty()) return {find_source(options.source, options.facts, options.recipe.name, files)};
  check_sources(options);
  std::vector<Source> out;
  for (const SourceFolder& one : options.sources) {
    out.push_back(find_source(one.folder, options.facts, options.recipe.name, files));
    for (size_t s = 0; s + 1 < out.size(); ++s)
      if (out[s].folder == out.back().folder)
        throw InputError("--source " + one.folder.string(), "is source " + options.sources[s].name + " already",
                         "another folder");
    files.unlabelled.clear();  // they are added once
  }
  return out;
}

GatheredRecord gather_record(const PrepareOptions& options, const std::vector<Source>& sources) {
  return options.sources.empty() ? record_of_one(options, sources.front()) : record_of_several(options, sources);
}

}  // namespace tss
