#include "textsemiseg/study/published_data.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_lists.h"
#include "textsemiseg/recipe/recipe.h"
#include "textsemiseg/runs/data_setting.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

template <class List>
bool has(const List& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::set<std::string> set_of(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

struct Lists {
  std::vector<std::string> train, validation, test;
};

// The publication's lists; of a rule ("the first 48 ids") those that it gives for the cases of this split.
Lists published_lists(const std::string& name, const std::string& origin, const Split& split) {
  if (!has(published_split_names(), name)) {
    const fs::path file = fs::path(name).is_absolute() ? fs::path(name) : fs::path(origin).parent_path() / name;
    const Split found = read_split(file);
    Lists out{found.cases(Role::kLabelled), found.cases(Role::kValidation), found.cases(Role::kTest)};
    const auto& rest = found.cases(Role::kUnlabelled);
    out.train.insert(out.train.end(), rest.begin(), rest.end());
    return out;
  }
  const PublishedSplit found = published_split(name);
  if (found.first_for_training == 0) return {found.train, found.validation, found.test};
  std::set<std::string> all;
  for (const Role role : kRoles) all.insert(split.cases(role).begin(), split.cases(role).end());
  const std::vector<std::string> ids(all.begin(), all.end());
  if (static_cast<int64_t>(ids.size()) != found.first_for_training + found.last_for_testing) return {};
  const auto cut = ids.begin() + found.first_for_training;
  return {{ids.begin(), cut}, {}, {cut, ids.end()}};
}

std::string split_difference(const PlanDataset& published, const std::string& origin, const Split& split) {
  const Lists lists = published_lists(published.split, origin, split);
  const std::vector<std::string>&labelled = split.cases(Role::kLabelled), &validation = split.cases(Role::kValidation);
  const std::string those = ", those of the figures (" + published.split + ") are others";
  if (set_of(split.cases(Role::kTest)) != set_of(lists.test))
    return concat("the split has ", split.cases(Role::kTest).size(), " test cases", those);
  std::set<std::string> training = set_of(labelled), expected = set_of(lists.train);
  training.insert(split.cases(Role::kUnlabelled).begin(), split.cases(Role::kUnlabelled).end());
  if (lists.validation.empty())
    training.insert(validation.begin(), validation.end());
  else if (set_of(validation) != set_of(lists.validation))
    return concat("the split has ", validation.size(), " validation cases", those);
  if (training != expected) return concat("the split has ", training.size(), " training cases", those);
  const auto count = static_cast<std::ptrdiff_t>(std::min(labelled.size(), lists.train.size()));
  if (set_of(labelled) != std::set<std::string>(lists.train.begin(), lists.train.begin() + count))
    return concat("the split has ", labelled.size(), " labelled cases", those);
  return "";
}

}  // namespace

std::vector<std::string> differences_from_published(const PlanDataset& published, const std::string& origin,
                                                    const DatasetRecord& record, const Split& split) {
  if (published.classes.empty() || published.recipe.empty() || published.split.empty())
    return {"the plan does not say on which classes, recipe and split those of " + published.title + " were made"};
  std::vector<std::string> out;
  if (record.class_names != published.classes)
    out.push_back("the classes are " + join(record.class_names, ", ") + ", those of the figures " +
                  join(published.classes, ", "));
  const bool own = has(recipe_names(), published.recipe);
  const Json steps = write_options(record.recipe)["steps"];
  if (own ? steps != write_options(recipe_from_name(published.recipe))["steps"] : record.recipe.name != published.recipe)
    out.push_back("the scans were prepared by the recipe " + record.recipe.name + ", those of the figures by " +
                  published.recipe + (own && record.recipe.name == published.recipe ? " as it comes" : ""));
  if (const std::string other = split_difference(published, origin, split); !other.empty()) out.push_back(other);
  return out;
}

Json data_setting_of(const DatasetRecord& record, const Split& split) {
  Json cases = Json::object();
  for (const Role role : kRoles) cases[role_name(role)] = split.cases(role);
  return data_setting(record.name, record.class_names, write_options(record.recipe), cases);
}

}  // namespace tss
