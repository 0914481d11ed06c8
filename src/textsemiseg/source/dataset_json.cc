#include "textsemiseg/source/dataset_json.h"

#include <algorithm>
#include <map>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

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
  if (!background) throw InputError(subject, "no class has the value 0", "the background, 0");
}

// Stored value -> class name, of either dialect. A class with several values is a region of nnU-Net's.
std::vector<LabelRule> rules_of_labels(const Json& labels, const std::string& subject, Dialect dialect) {
  if (dialect == Dialect::kMsd) {
    auto rules = label_rules_from_json(labels, subject);
    check_names(rules, subject);
    return rules;
  }
  std::map<int64_t, std::string> class_of;
  for (const auto& [name, value] : labels.items()) {
    for (const Json& one : value.is_array() ? value : Json::array({value})) {
      if (!one.is_number_integer())
        throw InputError(subject, "class '" + name + "' has value " + value.dump(), "an integer, or a list of them");
      const auto [place, added] = class_of.emplace(one.get<int64_t>(), name);
      if (!added) {
        throw InputError(
            subject, concat("value ", place->first, " is in '", place->second, "' and in '", name, "'"),
            "classes that exclude each other: regions that overlap are not supported, choose with \"label_map\" or --label-map");
      }
    }
  }
  std::vector<LabelRule> rules;
  for (const auto& [value, name] : class_of) rules.push_back({std::to_string(value), name});
  if (!class_of.contains(0)) throw InputError(subject, "no class has the value 0", "the background, 0");
  return rules;
}

LabelClasses label_classes_of(const Json& json, const std::string& source, Dialect& dialect) {
  const std::string subject = source + ": labels";
  if (!json.contains("labels")) throw InputError(subject, "missing", R"({"0": "background", ...} or {"background": 0, ...})");
  const Json& labels = json.at("labels");
  if (!labels.is_object() || labels.empty()) {
    throw InputError(subject, "found " + labels.dump(), R"({"0": "background", ...} or {"background": 0, ...})");
  }
  dialect = labels.begin().value().is_string() ? Dialect::kMsd : Dialect::kNnunet;
  std::vector<LabelRule> rules = rules_of_labels(labels, subject, dialect);
  if (!json.contains("label_map") || json.at("label_map").is_null()) return classes_of_rules(rules, subject);
  const std::string map_subject = source + ": label_map";
  return classes_of_rules(with_rules(rules, label_rules_from_json(json.at("label_map"), map_subject)), map_subject);
}

// "text": ["...", ...] in class order, or {"class name": "..."}, with a list of sentences in place of a text; the class name where
// nothing is said.
ClassTexts class_texts_of(const Json& json, const std::string& source, const std::vector<std::string>& names) {
  ClassTexts texts;
  for (const std::string& name : names) texts.push_back({name});
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

// MSD: [{"image", "label"}] or [path]; nnU-Net: {"id": {"images": [...], "label": ...}}.
std::vector<ListedCase> cases_of(const Json& json, const char* key, const std::string& source) {
  std::vector<ListedCase> cases;
  if (!json.contains(key)) return cases;
  const std::string subject = source + ": " + key;
  const Json& list = json.at(key);
  if (!list.is_array() && !list.is_object()) throw InputError(subject, "found " + type_name_of(list), "a list of cases");
  for (const auto& [name, entry] : list.items()) {
    ListedCase listed;
    if (list.is_object()) listed.id = name;
    if (entry.is_string()) {
      listed.images.push_back(entry.get<std::string>());
    } else if (entry.is_object() && entry.contains("images") && entry.at("images").is_array()) {
      for (const Json& image : entry.at("images")) listed.images.push_back(path_of(image, subject));
    } else if (entry.is_object() && entry.contains("image")) {
      listed.images.push_back(path_of(entry.at("image"), subject));
    }
    if (listed.images.empty())
      throw InputError(subject, "entry " + entry.dump() + " names no image", R"({"image": path, "label": path})");
    if (entry.is_object() && entry.contains("label") && !entry.at("label").is_null()) {
      listed.label = path_of(entry.at("label"), subject);
    }
    cases.push_back(std::move(listed));
  }
  return cases;
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
  description.training = cases_of(json, "training", source);
  description.test = cases_of(json, "test", source);
  if (json.contains("dataset") && json.at("dataset").is_object()) description.training = cases_of(json, "dataset", source);
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
