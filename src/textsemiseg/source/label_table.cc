#include "textsemiseg/source/label_table.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr char kOthers[] = ">0";

std::optional<int> stored_value(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 255) return std::nullopt;
  return value;
}

LabelRule checked(LabelRule rule, const std::string& subject) {
  if (rule.value != kOthers && !stored_value(rule.value))
    throw InputError(subject, "found the value '" + rule.value + "'", "a whole number from 0 to 255, or \">0\"");
  if (trim(rule.class_name).empty())
    throw InputError(subject, "value " + rule.value + " has an empty name", "a name, which is also its text prompt");
  if (to_lower_ascii(rule.class_name) == "ignore") {
    throw InputError(subject, "value " + rule.value + " is to be ignored",
                     "a class for every value (voxels to ignore are not supported; \"background\" drops a value)");
  }
  return rule;
}

// ">0" last; the others by value.
int order_of(const LabelRule& rule) { return stored_value(rule.value).value_or(256); }

}  // namespace

std::vector<LabelRule> label_rules_from_json(const Json& json, const std::string& subject) {
  if (!json.is_object()) throw InputError(subject, "found " + type_name_of(json), R"({"stored value": "class name", ...})");
  std::vector<LabelRule> rules;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string())
      throw InputError(subject, "found \"" + key + "\": " + value.dump(), R"("stored value": "class name")");
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
  std::vector<LabelRule> rules = over;
  for (const LabelRule& rule : base) {
    if (!names(rule.value) && (rule.value == "0" || !names(kOthers))) rules.push_back(rule);
  }
  return rules;
}

LabelTable LabelTable::identity(int64_t classes) {
  LabelTable table;
  for (int64_t value = 0; value < 256; ++value)
    table.class_of[static_cast<size_t>(value)] = value < classes ? static_cast<int16_t>(value) : kNoClass;
  return table;
}

LabelTable LabelTable::of(const std::vector<LabelRule>& rules, const std::vector<std::string>& class_names,
                          const std::string& subject) {
  if (rules.empty()) return identity(static_cast<int64_t>(class_names.size()));
  const auto class_of_name = [&](const std::string& name) {
    const auto found = std::find(class_names.begin(), class_names.end(), name);
    if (found == class_names.end())
      throw InputError(subject, "'" + name + "' is no class" + did_you_mean(name, class_names), join(class_names, ", "));
    return static_cast<int16_t>(found - class_names.begin());
  };
  LabelTable table;
  table.rules = rules;
  table.class_of.fill(kNoClass);
  table.class_of[0] = 0;
  for (const LabelRule& rule : rules) {
    if (rule.value != kOthers) continue;
    const int16_t others = class_of_name(rule.class_name);
    std::fill(table.class_of.begin() + 1, table.class_of.end(), others);
  }
  for (const LabelRule& rule : rules) {
    if (const auto value = stored_value(rule.value)) table.class_of[static_cast<size_t>(*value)] = class_of_name(rule.class_name);
  }
  return table;
}

void LabelTable::apply(LabelMap& labels, const std::string& file, const std::vector<std::string>& class_names) const {
  std::array<int64_t, 256> counts{};
  for (const uint8_t value : labels.voxels) ++counts[value];
  bool outside = false;
  std::vector<std::string> found, known;
  for (size_t value = 0; value < counts.size(); ++value) {
    if (class_of[value] != kNoClass) known.push_back(std::to_string(value));
    if (counts[value] == 0) continue;
    outside = outside || class_of[value] == kNoClass;
    found.push_back(concat(value, " (", counts[value], counts[value] == 1 ? " voxel)" : " voxels)"));
  }
  if (outside) {
    throw InputError(file, "label values " + join(found, ", "),
                     is_identity()
                         ? concat("values 0 to ", class_names.size() - 1, " (", join(class_names, ", "), ")")
                         : concat("values ", join(known, ", "), " (", join(class_names, ", "), "), as the label map says"));
  }
  if (is_identity()) return;
  for (uint8_t& value : labels.voxels) value = static_cast<uint8_t>(class_of[value]);
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

}  // namespace tss
