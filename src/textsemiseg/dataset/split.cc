#include "textsemiseg/dataset/split.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/files.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> all_role_names() {
  std::vector<std::string> names;
  for (const Role role : kRoles) names.emplace_back(role_name(role));
  return names;
}

}  // namespace

const char* role_name(Role role) {
  switch (role) {
    case Role::kLabelled:
      return "labelled";
    case Role::kUnlabelled:
      return "unlabelled";
    case Role::kValidation:
      return "validation";
    case Role::kTest:
      return "test";
  }
  return "";
}

Role role_from_name(const std::string& name) {
  for (const Role role : kRoles) {
    if (name == role_name(role)) return role;
  }
  throw InputError("role", "'" + name + "'" + did_you_mean(name, all_role_names()), join(all_role_names(), ", "));
}

const std::vector<std::string>& Split::cases(Role role) const {
  static const std::vector<std::string> kNone;
  const auto found = roles.find(role);
  return found == roles.end() ? kNone : found->second;
}

std::string Split::describe() const {
  std::vector<std::string> parts;
  for (const Role role : kRoles) parts.push_back(concat(cases(role).size(), " ", role_name(role)));
  return join(parts, ", ");
}

bool Split::same_roles(const Split& other) const {
  return std::all_of(std::begin(kRoles), std::end(kRoles), [&](Role role) { return cases(role) == other.cases(role); });
}

Split read_split(const fs::path& path) {
  const Json json = read_json(path);
  if (!json.is_object())
    throw InputError(path.string(), "holds " + type_name_of(json), R"({"labelled": [ids], "unlabelled": [...], ...})");
  Split split;
  std::map<std::string, std::string> role_of;
  for (const auto& [key, value] : json.items()) {
    if (key == "made_by") {
      split.made_by = value;
      continue;
    }
    const auto names = all_role_names();
    if (std::find(names.begin(), names.end(), key) == names.end()) {
      throw InputError(path.string() + ": " + key, "is no role" + did_you_mean(key, names), join(names, ", "));
    }
    if (!value.is_array()) throw InputError(path.string() + ": " + key, "found " + type_name_of(value), "a list of case ids");
    auto& ids = split.roles[role_from_name(key)];
    for (const Json& id : value) {
      if (!id.is_string()) throw InputError(path.string() + ": " + key, "found " + id.dump(), "case ids as texts");
      const auto [place, added] = role_of.emplace(id.get<std::string>(), key);
      if (!added) {
        throw InputError(path.string() + ": " + key, "case '" + id.get<std::string>() + "' is also under " + place->second,
                         "every case in one role, once");
      }
      ids.push_back(id.get<std::string>());
    }
  }
  return split;
}

void write_split(const fs::path& path, const Split& split) {
  Json json = Json::object();
  for (const Role role : kRoles) json[role_name(role)] = split.cases(role);
  if (!split.made_by.is_null()) json["made_by"] = split.made_by;
  write_json(path, json);
}

void check_roles(const Split& split, const std::vector<SplitCase>& cases, const std::string& subject, const std::string& remedy) {
  std::map<std::string, bool> has_label;
  for (const SplitCase& item : cases) has_label[item.id] = item.has_label;
  for (const Role role : kRoles) {
    for (const std::string& id : split.cases(role)) {
      const auto found = has_label.find(id);
      const auto wrong = [&](const std::string& what, const std::string& expected) {
        throw InputError(subject + ": " + role_name(role), "case '" + id + "' " + what, remedy.empty() ? expected : remedy);
      };
      if (found == has_label.end()) {
        wrong("is not in the source", "an id of the source");
      } else if (role != Role::kUnlabelled && !found->second) {
        wrong("has no label file", "unlabelled, the only role of a case without label");
      }
    }
  }
}

}  // namespace tss
