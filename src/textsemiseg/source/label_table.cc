#include "textsemiseg/source/label_table.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/source/class_names.h"

namespace tss {
namespace {

constexpr char kOthers[] = ">0";
constexpr size_t kListed = 12;  // values in a message

bool is_background(const std::string& name) { return name_key(name) == "background"; }

// A number, but none that a label may have: "1.5", "99999999999".
bool is_other_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error != std::errc::invalid_argument && end == text.data() + text.size() && !stored_value(text);
}

LabelRule checked(LabelRule rule, const std::string& subject) {
  if (const auto value = stored_value(rule.value)) {
    rule.value = std::to_string(*value);
  } else if (rule.value != kOthers) {
    if (trim(rule.value).empty() || rule.value.front() == '>' || is_other_number(rule.value))
      throw InputError(subject, "found the value '" + rule.value + "'",
                       "a whole number of 32 bits, \">0\", or the name that label files have for a value");
    if (stored_value(trim(rule.class_name)))
      throw InputError(subject,
                       "'" + rule.value + "' stands where the value belongs, and " + trim(rule.class_name) + " as its name",
                       "the value first, then the name: " + trim(rule.class_name) + ", " + rule.value);
  }
  if (trim(rule.class_name).empty())
    throw InputError(subject, "value " + rule.value + " has an empty name", "a name, which is also its text prompt");
  if (to_lower_ascii(rule.class_name) == "ignore") {
    throw InputError(subject, "value " + rule.value + " is to be ignored",
                     "a class for every value (voxels to ignore are not supported; \"background\" drops a value)");
  }
  return rule;
}

// 0 first, the other values by size, names as given, ">0" last.
int64_t order_of(const LabelRule& rule) {
  constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
  const auto value = stored_value(rule.value);
  if (!value) return rule.value == kOthers ? kLast : kLast - 1;
  return *value == 0 ? std::numeric_limits<int64_t>::min() : *value;
}

std::string times(int64_t voxels) { return concat(voxels, voxels == 1 ? " voxel" : " voxels"); }

std::string some_of(const std::vector<std::string>& parts) {
  if (parts.size() <= kListed) return join(parts, ", ");
  return concat(join(std::vector(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(kListed)), ", "), " and ",
                parts.size() - kListed, " more");
}

using Counts = std::map<std::pair<size_t, int32_t>, int64_t>;  // of layer and value

Counts counts_of(const StoredLabel& label) {
  Counts counts;
  for (size_t layer = 0; layer < label.layers.size(); ++layer) {
    const auto& voxels = label.layers[layer].voxels;
    for (size_t i = 0; i < voxels.size();) {
      size_t end = i;
      while (end < voxels.size() && voxels[end] == voxels[i]) ++end;
      counts[{layer, voxels[i]}] += static_cast<int64_t>(end - i);
      i = end;
    }
  }
  return counts;
}

std::string name_in(const StoredLabel& label, size_t layer, int32_t value) {
  for (const LabelName& one : label.names)
    if (one.layer == layer && one.value == value) return one.name;
  return "";
}

[[noreturn]] void throw_unknown_names(const LabelTable& table, const FileClasses& classes, const StoredLabel& label,
                                      const std::string& file, const std::vector<std::string>& class_names) {
  std::vector<std::string> unknown;
  std::string first;
  for (const auto& [key, voxels] : counts_of(label)) {
    if (table.class_of(classes, key.first, key.second)) continue;
    const std::string name = name_in(label, key.first, key.second);
    if (first.empty()) first = name;
    unknown.push_back(name.empty() ? concat("the value ", key.second, ", which has no name (", times(voxels), ")")
                                   : concat("'", name, "' (value ", key.second, ", ", times(voxels), ")"));
  }
  throw InputError(
      file, "its names are those of classes, but for " + some_of(unknown),
      concat(join(class_names, ", "), "; --label-map \"", first.empty() ? "name" : first, "=background\" drops one"));
}

[[noreturn]] void throw_unknown_values(const LabelTable& table, const StoredLabel& label, const std::string& file,
                                       const std::vector<std::string>& class_names) {
  std::vector<std::string> found, unknown, known;
  for (const auto& [key, voxels] : counts_of(label)) {
    found.push_back(concat(key.second, " (", times(voxels), ")"));
    if (!table.class_of(key.second)) unknown.push_back(std::to_string(key.second));
  }
  std::string expected;
  if (table.is_identity()) {
    expected = concat("values 0 to ", class_names.size() - 1, " (", join(class_names, ", "), ")");
  } else {
    std::set<int32_t> values{0};
    for (const LabelRule& rule : table.rules)
      if (const auto value = stored_value(rule.value)) values.insert(*value);
    for (const int32_t value : values) known.push_back(std::to_string(value));
    if (table.class_of(std::numeric_limits<int32_t>::max())) known.emplace_back(kOthers);
    expected = concat("values ", some_of(known), " (", join(class_names, ", "), "), as the label map says");
  }
  throw InputError(file, "label values " + some_of(found), expected + "; " + label_map_advice(unknown));
}

[[noreturn]] void throw_overlap(const StoredLabel& label, const std::string& file, size_t voxel) {
  std::vector<std::string> names;
  for (size_t layer = 0; layer < label.layers.size(); ++layer) {
    const std::string name = name_in(label, layer, label.layers[layer].voxels[voxel]);
    if (label.layers[layer].voxels[voxel] != 0) names.push_back("'" + name + "'");
  }
  throw InputError(file, join(names, " and ") + " overlap",
                   "classes that exclude each other; --label-map \"name=background\" drops a segment");
}

}  // namespace

std::optional<int32_t> stored_value(const std::string& text) {
  int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<LabelRule> label_rules_from_json(const Json& json, const std::string& subject) {
  if (!json.is_object()) throw InputError(subject, "found " + type_name_of(json), R"({"stored value": "class name", ...})");
  std::vector<LabelRule> rules;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      const bool swapped = value.is_number_integer() && !stored_value(key);
      throw InputError(subject, "found \"" + key + "\": " + value.dump() + (swapped ? ", the name before the value" : ""),
                       swapped ? "\"" + value.dump() + "\": \"" + key + "\"" : R"("stored value": "class name")");
    }
    rules.push_back(checked({key, value.get<std::string>()}, subject));
  }
  return rules;
}

Json label_rules_to_json(const std::vector<LabelRule>& rules) {
  Json out = Json::object();
  for (const LabelRule& rule : rules) out[rule.value] = rule.class_name;
  return out;
}

std::vector<LabelRule> parse_label_rules(const std::vector<std::string>& assignments) {
  std::vector<LabelRule> rules;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos) throw InputError("--label-map", "found '" + assignment + "'", "\"1,2,4=whole tumour\"");
    for (const std::string& value : split(assignment.substr(0, equals), ','))
      rules.push_back(checked({trim(value), trim(assignment.substr(equals + 1))}, "--label-map"));
  }
  return rules;
}

std::vector<LabelRule> with_rules(const std::vector<LabelRule>& base, const std::vector<LabelRule>& over) {
  const auto names = [&](const std::string& value) {
    return std::any_of(over.begin(), over.end(), [&](const LabelRule& rule) { return rule.value == value; });
  };
  const auto above_zero = [](const std::string& text) { return stored_value(text).value_or(0) > 0 || text == kOthers; };
  std::vector<LabelRule> rules = over;
  for (const LabelRule& rule : base) {
    if (!names(rule.value) && (!above_zero(rule.value) || !names(kOthers))) rules.push_back(rule);
  }
  return rules;
}

LabelTable LabelTable::identity(int64_t classes) {
  LabelTable table;
  table.classes_ = classes;
  return table;
}

LabelTable LabelTable::of(const std::vector<LabelRule>& rules, const std::vector<std::string>& class_names,
                          const std::string& subject) {
  if (rules.empty()) return identity(static_cast<int64_t>(class_names.size()));
  const auto place_of = [&](const std::string& name) {
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end())
      throw InputError(subject, "'" + name + "' is no class" + did_you_mean(name, class_names), join(class_names, ", "));
    return static_cast<int>(found - class_names.begin());
  };
  LabelTable table;
  table.rules = rules;
  table.values_[0] = 0;
  for (const LabelRule& rule : rules) {
    if (rule.value == kOthers)
      table.others_ = place_of(rule.class_name);
    else if (const auto value = stored_value(rule.value))
      table.values_[*value] = place_of(rule.class_name);
    else
      table.names_[name_key(rule.value)] = place_of(rule.class_name);
  }
  return table;
}

std::optional<int> LabelTable::class_of(int32_t value) const {
  if (is_identity()) return value >= 0 && value < classes_ ? std::optional(static_cast<int>(value)) : std::nullopt;
  const auto found = values_.find(value);
  if (found != values_.end()) return found->second;
  return value > 0 ? others_ : std::nullopt;
}

std::optional<int> LabelTable::class_of_name(const std::string& name, const std::vector<std::string>& class_names) const {
  const std::string key = name_key(name);
  if (const auto rule = names_.find(key); rule != names_.end()) return rule->second;
  const auto own = std::find(class_names.begin(), class_names.end(), name);
  if (own != class_names.end()) return static_cast<int>(own - class_names.begin());
  for (size_t k = 0; k < class_names.size(); ++k)
    if (name_key(class_names[k]) == key) return static_cast<int>(k);
  return is_background(name) && !class_names.empty() ? std::optional(0) : std::nullopt;
}

FileClasses LabelTable::classes_of_file(const std::vector<LabelName>& names, const std::vector<std::string>& class_names) const {
  FileClasses out;
  for (const LabelName& one : names) {
    const auto k = class_of_name(one.name, class_names);
    out.by_name = out.by_name || k.value_or(0) > 0 || names_.contains(name_key(one.name));
    out.named[{one.layer, one.value}] = k;
  }
  return out;
}

std::optional<int> LabelTable::class_of(const FileClasses& file, size_t layer, int32_t value) const {
  if (!file.by_name) return class_of(value);
  if (value == 0) return 0;
  const auto found = file.named.find({layer, value});
  return found == file.named.end() ? std::nullopt : found->second;
}

LabelMap LabelTable::apply(const StoredLabel& label, const std::string& file, const std::vector<std::string>& class_names) const {
  const FileClasses classes = classes_of_file(label.names, class_names);
  if (!classes.by_name && label.layers.size() > 1) {
    std::vector<std::string> names;
    for (const LabelName& one : label.names) names.push_back("'" + one.name + "'");
    throw InputError(file, concat("keeps ", some_of(names), " in layers, and none of them is a class"),
                     join(class_names, ", ") + "; --label-map \"" + (label.names.empty() ? "name" : label.names.front().name) +
                         "=name of its class\" says what a segment is");
  }
  LabelMap out(label.geometry());
  for (size_t layer = 0; layer < label.layers.size(); ++layer) {
    const auto& voxels = label.layers[layer].voxels;
    int32_t last = 0;
    std::optional<int> k = class_of(classes, layer, 0);
    for (size_t i = 0; i < voxels.size(); ++i) {
      if (voxels[i] != last) {
        last = voxels[i];
        k = class_of(classes, layer, last);
      }
      if (!k) {
        if (classes.by_name) throw_unknown_names(*this, classes, label, file, class_names);
        throw_unknown_values(*this, label, file, class_names);
      }
      if (*k == 0) continue;
      if (out.voxels[i] != 0 && out.voxels[i] != *k) throw_overlap(label, file, i);
      out.voxels[i] = static_cast<uint8_t>(*k);
    }
  }
  return out;
}

LabelClasses classes_of_rules(std::vector<LabelRule> rules, const std::string& subject) {
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return order_of(a) < order_of(b); });
  LabelClasses out;
  const bool named = !rules.empty() && rules.front().value == "0";
  if (!named) rules.insert(rules.begin(), {"0", "background"});
  // "background" is value 0, whatever its name.
  for (LabelRule& rule : rules) {
    if (to_lower_ascii(rule.class_name) == "background") rule.class_name = rules.front().class_name;
  }
  std::set<std::string> seen;
  for (const LabelRule& rule : rules) {
    checked(rule, subject);
    if (!seen.insert(rule.value).second) throw InputError(subject, "value " + rule.value + " is given twice", "every value once");
    if (std::find(out.class_names.begin(), out.class_names.end(), rule.class_name) == out.class_names.end())
      out.class_names.push_back(rule.class_name);
  }
  if (out.class_names.size() < 2)
    throw InputError(subject, "one class, " + out.class_names.front(), "at least two, the background included");
  bool own = true;  // every value its own class
  for (size_t k = 0; k < rules.size(); ++k)
    own = own && rules.size() == out.class_names.size() && rules[k].value == std::to_string(k);
  out.table = LabelTable::of(own ? std::vector<LabelRule>{} : rules, out.class_names, subject);
  return out;
}

std::string label_map_advice(const std::vector<std::string>& values) {
  return "say which classes other values are: --label-map \"" + (values.empty() ? std::string("1") : values.front()) +
         "=name of its class\"" + (values.size() > 1 ? " and so on" : "") + ", or \"=background\" to drop one";
}

}  // namespace tss
