#include "textsemiseg/dataset/source_classes.h"

#include <algorithm>
#include <optional>
#include <set>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/source/class_names.h"

namespace tss {
namespace {

std::optional<int64_t> place_of(const std::string& name, const std::vector<std::string>& class_names) {
  for (size_t k = 0; k < class_names.size(); ++k)
    if (name_key(class_names[k]) == name_key(name)) return static_cast<int64_t>(k);
  if (name_key(name) == "background") return 0;
  return std::nullopt;
}

bool is_about(const ClassRule& rule, const std::string& source, const std::string& name) {
  return (rule.source.empty() || rule.source == source) && name_key(rule.name) == name_key(name);
}

// One for the source alone goes before one for all.
const ClassRule* rule_for(const std::vector<ClassRule>& rules, const std::string& source, const std::string& name) {
  const ClassRule* found = nullptr;
  for (const ClassRule& rule : rules)
    if (is_about(rule, source, name) && (found == nullptr || found->source.empty())) found = &rule;
  return found;
}

// The classes of the dataset that a name of the source covers.
std::set<int64_t> covered(const SourceRecord& source, const std::string& name, const std::vector<std::string>& class_names,
                          const std::vector<ClassRule>& rules) {
  const ClassRule* rule = rule_for(rules, source.name, name);
  if (rule == nullptr) {
    const auto own = place_of(name, class_names);
    if (own) return {*own};
    throw InputError("source " + source.name,
                     "its class '" + name + "' is none of " + join(class_names, ", ") + did_you_mean(name, class_names),
                     "--synonym \"" + name + "=CLASS\", --merge \"" + name + "=CLASS+CLASS\", or --classes with it among them");
  }
  std::set<int64_t> out;
  for (const std::string& one : rule->classes) {
    const auto k = place_of(one, class_names);
    if (!k) throw InputError(rule->option, "'" + one + "' is no class" + did_you_mean(one, class_names), join(class_names, ", "));
    out.insert(*k);
  }
  return out;
}

}  // namespace

ClassRule parse_class_rule(const std::string& option, const std::string& text, const std::vector<std::string>& source_names) {
  const bool merges = option == "--merge";
  const std::string expected = merges ? "\"NAME=CLASS+CLASS\", or \"SOURCE:NAME=CLASS+CLASS\" for one source"
                                      : "\"NAME=CLASS\", or \"SOURCE:NAME=CLASS\" for one source";
  ClassRule rule;
  rule.option = option + " " + text;
  std::string rest = text;
  const size_t colon = text.find(':');
  if (colon != std::string::npos && colon < text.find('=')) {
    const std::string before = trim(text.substr(0, colon));
    if (std::find(source_names.begin(), source_names.end(), before) == source_names.end())
      throw InputError(rule.option, "'" + before + "' is no source" + did_you_mean(before, source_names),
                       join(source_names, ", "));
    rule.source = before;
    rest = text.substr(colon + 1);
  }
  const size_t equals = rest.find('=');
  if (equals == std::string::npos) throw InputError(option, "found '" + text + "'", expected);
  rule.name = trim(rest.substr(0, equals));
  for (const std::string& name : split(rest.substr(equals + 1), '+')) rule.classes.push_back(trim(name));
  const bool blank =
      rule.name.empty() || std::any_of(rule.classes.begin(), rule.classes.end(), [](const auto& n) { return n.empty(); });
  if (blank || (rule.classes.size() > 1) != merges) throw InputError(option, "found '" + text + "'", expected);
  return rule;
}

void match_classes(SourceRecord& source, const LabelClasses& own, const std::vector<std::string>& class_names,
                   const std::vector<ClassRule>& rules) {
  const auto classes = static_cast<int64_t>(class_names.size());
  std::vector<std::string> of_class(
      class_names.size());  // the source's name for it; empty: none, it lies in the background's group
  std::vector<std::string> value_of(own.class_names.size(),
                                    class_names.front());  // by class of the source: the lowest of its group
  std::vector<int64_t> lowest(class_names.size(), 0);
  for (size_t c = 1; c < own.class_names.size(); ++c) {
    const std::string& name = own.class_names[c];
    const std::set<int64_t> set = covered(source, name, class_names, rules);
    if (set.contains(0) && set.size() > 1)
      throw InputError("source " + source.name, "its '" + name + "' merges '" + class_names.front() + "' with other classes",
                       "classes other than the background, which every class without a name of its own belongs to");
    if (set.contains(0)) continue;
    const int64_t first = *set.begin();
    for (const int64_t k : set) {
      const auto at = static_cast<size_t>(k);
      const bool taken = !of_class[at].empty();
      const bool same_group = taken && lowest[at] == first && std::count(lowest.begin(), lowest.end(), first) == std::ssize(set);
      if (taken && !same_group)
        throw InputError("source " + source.name,
                         "'" + class_names[at] + "' is in its '" + of_class[at] + "' and in its '" + name + "'",
                         "classes that exclude each other; --merge \"" + source.name + ":" + name +
                             "=CLASS+CLASS\" is a rule for this source alone");
    }
    for (const int64_t k : set) {
      if (of_class[static_cast<size_t>(k)].empty()) of_class[static_cast<size_t>(k)] = name;
      lowest[static_cast<size_t>(k)] = first;
    }
    value_of[c] = class_names[static_cast<size_t>(first)];
  }
  bool all = true;
  for (int64_t k = 0; k < classes; ++k) all = all && lowest[static_cast<size_t>(k)] == k;
  source.groups.lowest = all ? std::vector<int64_t>{} : lowest;
  if (all && own.table.is_identity() && own.class_names.size() == class_names.size() &&
      std::equal(value_of.begin(), value_of.end(), class_names.begin())) {
    source.label_table = LabelTable::identity(classes);
    return;
  }
  std::vector<LabelRule> table;
  if (own.table.is_identity())
    for (size_t c = 0; c < value_of.size(); ++c) table.push_back({std::to_string(c), value_of[c]});
  for (const LabelRule& rule : own.table.rules) {
    const auto c = std::find(own.class_names.begin(), own.class_names.end(), rule.class_name) - own.class_names.begin();
    table.push_back({rule.value, value_of.at(static_cast<size_t>(c))});
  }
  // Files that name their values have the source's names.
  for (size_t c = 1; c < value_of.size(); ++c)
    if (own.class_names[c] != value_of[c] && !stored_value(own.class_names[c]))
      table.push_back({own.class_names[c], value_of[c]});
  source.label_table = LabelTable::of(table, class_names, "source " + source.name);
}

void require_rules_used(const std::vector<ClassRule>& rules, const std::vector<SourceRecord>& sources,
                        const std::vector<LabelClasses>& own) {
  for (const ClassRule& rule : rules) {
    std::vector<std::string> known;
    bool used = false;
    for (size_t s = 0; s < sources.size(); ++s) {
      if (!rule.source.empty() && rule.source != sources[s].name) continue;
      for (size_t c = 1; c < own[s].class_names.size(); ++c) {
        known.push_back(own[s].class_names[c]);
        used = used || name_key(known.back()) == name_key(rule.name);
      }
    }
    if (used) continue;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    throw InputError(rule.option,
                     (rule.source.empty() ? "no source has a class '" : "source " + rule.source + " has no class '") + rule.name +
                         "'" + did_you_mean(rule.name, known),
                     join(known, ", "));
  }
}

std::string SourceRecord::describe(const std::vector<std::string>& class_names) const {
  if (groups.tells_all_apart()) return "tells all classes apart";
  std::vector<std::string> parts;
  const auto names_of = [&](const std::vector<int64_t>& group) {
    std::vector<std::string> names;
    for (const int64_t k : group)
      if (k != 0) names.push_back(class_names[static_cast<size_t>(k)]);
    return names;
  };
  std::vector<std::string> apart, absent;
  for (const auto& group : groups.groups()) {
    const auto names = names_of(group);
    if (group.front() == 0)
      absent = names;
    else if (group.size() == 1)
      apart.push_back(names.front());
    else
      parts.push_back(join(names, " and ") + " are one");
  }
  if (!apart.empty()) parts.insert(parts.begin(), "tells apart " + join(apart, ", "));
  if (!absent.empty()) parts.push_back(join(absent, ", ") + " may lie in its background");
  return join(parts, "; ");
}

Json to_json(const SourceRecord& source, const std::vector<std::string>& class_names) {
  Json json = {{"name", source.name}, {"folder", source.folder.string()}, {"layout", source.layout}};
  if (!source.label_table.is_identity()) json["label_values"] = label_rules_to_json(source.label_table.rules);
  if (source.groups.tells_all_apart()) return json;
  for (const auto& group : source.groups.groups()) {
    Json names = Json::array();
    for (const int64_t k : group) names.push_back(class_names[static_cast<size_t>(k)]);
    json["groups"].push_back(std::move(names));
  }
  return json;
}

SourceRecord source_record_from_json(const Json& json, const std::vector<std::string>& class_names, const std::string& subject) {
  SourceRecord source;
  try {
    source.name = json.at("name").get<std::string>();
    source.folder = json.at("folder").get<std::string>();
    source.layout = json.value("layout", "");
    const std::string values = subject + ": label_values";
    const auto rules =
        json.contains("label_values") ? label_rules_from_json(json.at("label_values"), values) : std::vector<LabelRule>{};
    source.label_table = LabelTable::of(rules, class_names, values);
    if (!json.contains("groups")) return source;
    source.groups.lowest.assign(class_names.size(), -1);
    for (const Json& group : json.at("groups")) {
      std::set<int64_t> members;
      for (const Json& name : group) {
        const auto found = std::find(class_names.begin(), class_names.end(), name.get<std::string>());
        if (found == class_names.end())
          throw InputError(subject + ": groups", "'" + name.get<std::string>() + "'", join(class_names, ", "));
        members.insert(found - class_names.begin());
      }
      for (const int64_t k : members) {
        int64_t& lowest = source.groups.lowest[static_cast<size_t>(k)];
        if (lowest >= 0)
          throw InputError(subject + ": groups", "'" + class_names[static_cast<size_t>(k)] + "' twice", "every class once");
        lowest = *members.begin();
      }
    }
  } catch (const Json::exception& error) {
    throw InputError(subject, error.what(), R"({"name": ..., "folder": ..., "groups": [[class, ...], ...]})");
  }
  const auto& lowest = source.groups.lowest;
  if (const auto none = std::find(lowest.begin(), lowest.end(), -1); none != lowest.end())
    throw InputError(subject + ": groups", "'" + class_names[static_cast<size_t>(none - lowest.begin())] + "' in none",
                     "every class once");
  return source;
}

}  // namespace tss
