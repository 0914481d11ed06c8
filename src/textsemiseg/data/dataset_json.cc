#include "textsemiseg/data/dataset_json.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr size_t kMostClasses = 256;  // labels are stored as uint8

std::optional<int64_t> as_index(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// Pairs (value, name) of either dialect.
std::vector<std::pair<int64_t, std::string>> label_pairs(const Json& labels, const std::string& subject, Dialect dialect) {
  std::vector<std::pair<int64_t, std::string>> pairs;
  for (const auto& [key, value] : labels.items()) {
    if (dialect == Dialect::kMsd) {
      const auto index = as_index(key);
      if (!index || !value.is_string()) {
        throw InputError(subject, "found \"" + key + "\": " + value.dump(), "\"value\": \"class name\" throughout");
      }
      pairs.emplace_back(*index, value.get<std::string>());
      continue;
    }
    if (value.is_array()) {
      throw InputError(subject, "class '" + key + "' is a region " + value.dump(),
                       "one value per class (regions are not supported)");
    }
    if (!value.is_number_integer()) {
      throw InputError(subject, "class '" + key + "' has value " + value.dump(), "an integer");
    }
    if (key == "ignore") {
      throw InputError(subject, "class 'ignore' (" + value.dump() + ")", "classes only (voxels to ignore are not supported)");
    }
    pairs.emplace_back(value.get<int64_t>(), key);
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::vector<std::string> class_names_of(const Json& json, const std::string& source, Dialect& dialect) {
  const std::string subject = source + ": labels";
  if (!json.contains("labels")) throw InputError(subject, "missing", R"({"0": "background", ...} or {"background": 0, ...})");
  const Json& labels = json.at("labels");
  if (!labels.is_object() || labels.empty()) {
    throw InputError(subject, "found " + labels.dump(), R"({"0": "background", ...} or {"background": 0, ...})");
  }
  dialect = labels.begin().value().is_string() ? Dialect::kMsd : Dialect::kNnunet;
  const auto pairs = label_pairs(labels, subject, dialect);
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (const auto& [value, name] : pairs) {
    if (value != static_cast<int64_t>(names.size())) {
      throw InputError(subject, concat("value ", value, " ('", name, "') where ", names.size(), " should come"),
                       concat("the values 0 to ", pairs.size() - 1, " without gaps"));
    }
    if (trim(name).empty())
      throw InputError(subject, concat("class ", value, " has an empty name"), "a name, which is also its text prompt");
    if (!seen.insert(name).second) throw InputError(subject, "two classes are called '" + name + "'", "distinct names");
    names.push_back(name);
  }
  if (names.size() < 2 || names.size() > kMostClasses) {
    throw InputError(subject, concat(names.size(), " classes"), concat("2 to ", kMostClasses, ", the background included"));
  }
  return names;
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
  description.class_names = class_names_of(json, source, description.dialect);
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
