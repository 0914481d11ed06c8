#include "textsemiseg/source/dataset_json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

[[noreturn]] void throw_no_background(const std::vector<LabelRule>& rules, const std::string& subject) {
  std::vector<std::string> found;
  for (const LabelRule& rule : rules) found.push_back(rule.value + ": " + rule.class_name);
  throw InputError(subject, "no class has the value 0 (found " + join(found, ", ") + ")",
                   "the background too, \"0\": \"background\" or \"background\": 0");
}

// {"background": "0"}: numbers as text, or name and value swapped.
void require_values_as_keys(const Json& labels, const std::string& subject) {
  for (const auto& [key, value] : labels.items()) {
    if (stored_value(key) || !value.is_string()) continue;
    const std::string text = value.get<std::string>();
    if (stored_value(text))
      throw InputError(subject, "found \"" + key + "\": \"" + text + "\", the name before the value and the value as text",
                       "\"" + text + "\": \"" + key + "\", or the number without quotes, \"" + key + "\": " + text);
    throw InputError(subject, "found the value '" + key + "'", "a whole number of 32 bits");
  }
}

// "labels" gives every class one name and the background the value 0; merging is for "label_map".
void check_names(const std::vector<LabelRule>& rules, const std::string& subject) {
  std::set<std::string> seen;
  bool background = false;
  for (const LabelRule& rule : rules) {
    background = background || rule.value == "0";
    if (!seen.insert(rule.class_name).second) {
      throw InputError(subject, "two classes are called '" + rule.class_name + "'",
                       "distinct names (\"label_map\" merges classes)");
    }
  }
  if (!background) throw_no_background(rules, subject);
}

// Stored value -> class name, of either dialect. A class with several values is a region of nnU-Net's.
std::vector<LabelRule> rules_of_labels(const Json& labels, const std::string& subject, Dialect dialect) {
  if (dialect == Dialect::kMsd) {
    require_values_as_keys(labels, subject);
    auto rules = label_rules_from_json(labels, subject);
    check_names(rules, subject);
    return rules;
  }
  std::map<int32_t, std::string> class_of;
  for (const auto& [name, value] : labels.items()) {
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      const double number = one.is_number() ? one.get<double>() : NAN;
      if (!(std::abs(number) < 2147483648.0 && number == std::floor(number))) {
        throw InputError(subject, "class '" + name + "' has value " + value.dump() + (one.is_string() ? ", which is text" : ""),
                         "an integer of 32 bits, or a list of them");
      }
      const auto [place, added] = class_of.emplace(static_cast<int32_t>(number), name);
      if (!added) {
        throw InputError(
            subject, concat("value ", place->first, " is in '", place->second, "' and in '", name, "'"),
            "classes that exclude each other: regions that overlap are not supported, choose with \"label_map\" or --label-map");
      }
    }
  }
  std::vector<LabelRule> rules;
  for (const auto& [value, name] : class_of) rules.push_back({std::to_string(value), name});
  if (!class_of.contains(0)) throw_no_background(rules, subject);
  return rules;
}

LabelClasses label_classes_of(const Json& json, const std::string& source, Dialect& dialect) {
  const std::string subject = source + ": labels", map_subject = source + ": label_map";
  const bool mapped = json.contains("label_map") && !json.at("label_map").is_null();
  if (!json.contains("labels"))
    return mapped ? classes_of_rules(label_rules_from_json(json.at("label_map"), map_subject), map_subject) : LabelClasses{};
  const Json& labels = json.at("labels");
  if (!labels.is_object() || labels.empty()) {
    throw InputError(subject, "found " + labels.dump(), R"({"0": "background", ...} or {"background": 0, ...})");
  }
  dialect = labels.begin().value().is_string() ? Dialect::kMsd : Dialect::kNnunet;
  std::vector<LabelRule> rules = rules_of_labels(labels, subject, dialect);
  if (!mapped) return classes_of_rules(rules, subject);
  return classes_of_rules(with_rules(rules, label_rules_from_json(json.at("label_map"), map_subject)), map_subject);
}

// "text": ["...", ...] in class order, or {"class name": "..."}, with a list of sentences in place of a text; the class name where
// nothing is said.
ClassTexts class_texts_of(const Json& json, const std::string& source, const std::vector<std::string>& names) {
  ClassTexts texts;
  for (const std::string& name : names) texts.push_back({name});
  if (names.empty()) return texts;
  if (!json.contains("text") || json.at("text").is_null()) return texts;
  const Json& given = json.at("text");
  const std::string subject = source + ": text";
  const auto texts_of = [&](const Json& value) {
    std::vector<std::string> out;
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& one : list) {
      if (!one.is_string() || trim(one.get<std::string>()).empty())
        throw InputError(subject, "found " + value.dump(), "a text, or a list of texts, per class");
      out.push_back(one.get<std::string>());
    }
    if (out.empty()) throw InputError(subject, "found an empty list", "a text, or a list of texts, per class");
    return out;
  };
  if (given.is_array()) {
    if (given.size() != names.size()) {
      throw InputError(subject, concat(given.size(), " texts"), concat("one per class: ", names.size()));
    }
    for (size_t k = 0; k < names.size(); ++k) texts[k] = texts_of(given[k]);
  } else if (given.is_object()) {
    for (const auto& [key, value] : given.items()) {
      const auto found = std::find(names.begin(), names.end(), key);
      if (found == names.end())
        throw InputError(subject, "'" + key + "' is no class" + did_you_mean(key, names), join(names, ", "));
      texts[static_cast<size_t>(found - names.begin())] = texts_of(value);
    }
  } else {
    throw InputError(subject, "found " + given.dump(), "a list of texts in class order, or {\"class name\": \"text\"}");
  }
  return texts;
}

std::vector<std::string> channel_names_of(const Json& json) {
  std::vector<std::string> names;
  for (const char* key : {"channel_names", "modality"}) {
    if (!json.contains(key) || !json.at(key).is_object()) continue;
    for (const auto& [index, value] : json.at(key).items()) names.push_back(value.is_string() ? value.get<std::string>() : index);
    break;
  }
  if (names.empty()) names.emplace_back("image");
  return names;
}

std::string path_of(const Json& value, const std::string& subject) {
  if (!value.is_string()) throw InputError(subject, "found " + value.dump(), "a path");
  return value.get<std::string>();
}

// A path, or a list of them.
std::vector<std::string> paths_of(const Json& value, const std::string& subject) {
  std::vector<std::string> paths;
  for (const Json& one : value.is_array() ? value : Json::array({value})) paths.push_back(path_of(one, subject));
  return paths;
}

const Json* field(const Json& entry, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const auto found = entry.find(name);
    if (found != entry.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

// MSD: [{"image", "label"}] or [path]; MONAI: [{"image": [...], "label", "fold"}]; nnU-Net: {"id": {"images": [...], "label": ...}}.
std::vector<ListedCase> cases_of(const Json& list, const std::string& key, const std::string& source) {
  std::vector<ListedCase> cases;
  const std::string subject = source + ": " + key;
  if (!list.is_array() && !list.is_object()) throw InputError(subject, "found " + type_name_of(list), "a list of cases");
  for (const auto& [name, entry] : list.items()) {
    ListedCase listed;
    if (list.is_object()) listed.id = name;
    if (entry.is_string()) {
      listed.images.push_back(entry.get<std::string>());
    } else if (entry.is_object()) {
      if (const Json* images = field(entry, {"images", "image", "img"})) listed.images = paths_of(*images, subject);
    }
    if (listed.images.empty())
      throw InputError(subject, "entry " + entry.dump() + " names no image", R"({"image": path, "label": path})");
    if (entry.is_object()) {
      if (const Json* label = field(entry, {"label", "labels", "seg", "mask", "segmentation"})) {
        const auto paths = paths_of(*label, subject);
        if (paths.size() != 1)
          throw InputError(subject, concat("entry ", entry.dump(), " names ", paths.size(), " labels"), "one");
        listed.label = paths.front();
      }
      if (const Json* fold = field(entry, {"fold"}); fold != nullptr && fold->is_number_integer())
        listed.fold = fold->get<int64_t>();
    }
    cases.push_back(std::move(listed));
  }
  return cases;
}

// Whether a value under an unknown key lists cases: objects with an image, or names of files.
bool lists_cases(const Json& value) {
  if (!value.is_array() || value.empty()) return false;
  return std::all_of(value.begin(), value.end(), [](const Json& entry) {
    if (entry.is_string()) return entry.get<std::string>().find_first_of("/\\") != std::string::npos;
    return entry.is_object() && field(entry, {"images", "image", "img"}) != nullptr;
  });
}

// What the field writes into dataset.json and nothing here needs, and what prepare writes into its own.
bool is_for_others(const std::string& key) {
  static const std::set<std::string> keys = {"name",         "description",
                                             "reference",    "licence",
                                             "license",      "release",
                                             "relase",       "tensorimagesize",
                                             "modality",     "channel_names",
                                             "labels",       "label_map",
                                             "text",         "numtraining",
                                             "numtest",      "numvalidation",
                                             "numval",       "numtesting",
                                             "file_ending",  "regions_class_order",
                                             "channels",     "overwrite_image_reader_writer",
                                             "author",       "authors",
                                             "version",      "date",
                                             "dataset_name", "citation",
                                             "hint",         "recipe",
                                             "source",       "layout",
                                             "cases",        "label_values",
                                             "url",          "doi",
                                             "contact",      "comment",
                                             "converted_by", "nnunet_version",
                                             "dim",          "tensorimagesize3d"};
  return keys.contains(to_lower_ascii(key));
}

void read_lists(const Json& json, const std::string& source, DatasetDescription& description) {
  const std::pair<std::vector<ListedCase>*, std::set<std::string>> known[] = {
      {&description.training, {"training", "train"}},
      {&description.validation, {"validation", "val", "valid"}},
      {&description.test, {"test", "testing"}},
      {&description.unlabelled, {"unlabelled", "unlabeled"}},
  };
  for (const auto& [key, value] : json.items()) {
    if (is_for_others(key)) continue;
    const auto found = std::find_if(std::begin(known), std::end(known),
                                    [&, small = to_lower_ascii(key)](const auto& one) { return one.second.contains(small); });
    if (found != std::end(known)) {
      auto cases = cases_of(value, key, source);
      std::move(cases.begin(), cases.end(), std::back_inserter(*found->first));
    } else if (key == "dataset" && value.is_object()) {
      continue;
    } else if (lists_cases(value)) {
      description.other_lists.push_back({key, cases_of(value, key, source)});
    } else {
      description.unknown_keys.push_back(key);
    }
  }
  if (json.contains("dataset") && json.at("dataset").is_object())
    description.training = cases_of(json.at("dataset"), "dataset", source);
}

}  // namespace

DatasetDescription parse_dataset_json(const Json& json, const std::string& source) {
  if (!json.is_object()) throw InputError(source, "holds " + type_name_of(json), "an object with \"labels\"");
  DatasetDescription description;
  LabelClasses classes = label_classes_of(json, source, description.dialect);
  description.class_names = std::move(classes.class_names);
  description.label_table = std::move(classes.table);
  description.class_texts = class_texts_of(json, source, description.class_names);
  description.channel_names = channel_names_of(json);
  if (json.contains("name") && json.at("name").is_string()) description.name = json.at("name").get<std::string>();
  if (json.contains("file_ending") && json.at("file_ending").is_string()) {
    description.file_ending = json.at("file_ending").get<std::string>();
  }
  description.numbered =
      description.dialect == Dialect::kNnunet || json.contains("channel_names") || json.contains("file_ending");
  read_lists(json, source, description);
  return description;
}

DatasetDescription read_dataset_json(const std::filesystem::path& path) {
  return parse_dataset_json(read_json(path), path.string());
}

Json texts_to_json(const ClassTexts& texts, const std::vector<std::string>& class_names) {
  Json out = Json::object();
  for (size_t k = 0; k < texts.size(); ++k) {
    if (texts[k] == std::vector{class_names[k]}) continue;
    out[class_names[k]] = texts[k].size() == 1 ? Json(texts[k].front()) : Json(texts[k]);
  }
  return out;
}

Json labels_to_json(const std::vector<std::string>& class_names) {
  Json labels = Json::object();
  for (size_t k = 0; k < class_names.size(); ++k) labels[std::to_string(k)] = class_names[k];
  return labels;
}

}  // namespace tss
