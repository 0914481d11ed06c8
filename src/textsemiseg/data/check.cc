#include "textsemiseg/data/check.h"

#include <algorithm>
#include <array>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr double kRareShare = 1e-4;  // of the voxels

std::array<int64_t, 256> count_labels(const MappedNpy& label) {
  std::array<int64_t, 256> counts{};
  const auto* values = label.data<uint8_t>();
  for (int64_t i = 0; i < label.elements(); ++i) ++counts[values[i]];
  return counts;
}

void judge(const Dataset& dataset, DatasetCheck& check) {
  const std::string names = meaningless_warning(dataset.class_names(), dataset.class_texts());
  if (!names.empty()) check.warnings.push_back(names);
  if (dataset.cases(Role::kLabelled).empty()) check.errors.push_back("no case is labelled");
  if (dataset.cases(Role::kUnlabelled).empty())
    check.warnings.push_back("no case is unlabelled: methods that learn from them have nothing to add");
  int64_t total = 0;
  for (const ClassPresence& one : check.classes) total += one.voxels;
  for (size_t k = 1; k < check.classes.size(); ++k) {
    ClassPresence& one = check.classes[k];
    const std::string name = concat("class ", k, " '", dataset.class_names()[k], "'");
    if (!dataset.cases(Role::kLabelled).empty() && one.cases[Role::kLabelled] == 0)
      check.errors.push_back(name + " is in no labelled case");
    for (const Role role : {Role::kValidation, Role::kTest}) {
      if (!dataset.cases(role).empty() && one.cases[role] == 0)
        check.warnings.push_back(concat(name, " is in no ", role_name(role), " case: its score will be undefined"));
    }
    if (one.voxels > 0 && static_cast<double>(one.voxels) < kRareShare * static_cast<double>(total))
      check.warnings.push_back(
          concat(name, " has only ", one.voxels, " voxels: sampler.foreground draws more patches around classes"));
  }
}

}  // namespace

DatasetCheck check_dataset(const std::filesystem::path& folder, const std::string& split) {
  const Dataset dataset = Dataset::open(folder, split);
  DatasetCheck check;
  check.classes.resize(static_cast<size_t>(dataset.classes()));
  for (const Role role : kRoles) {
    for (const std::string& id : dataset.cases(role)) {
      const CachedCase one = dataset.load(id);
      if (!one.label) continue;
      const auto counts = count_labels(*one.label);
      for (size_t k = 0; k < check.classes.size(); ++k) {
        check.classes[k].voxels += counts[k];
        if (counts[k] > 0) ++check.classes[k].cases[role];
      }
    }
  }
  judge(dataset, check);
  return check;
}

Json to_json(const DatasetCheck& check, const std::vector<std::string>& class_names) {
  Json classes = Json::array();
  for (size_t k = 0; k < check.classes.size(); ++k) {
    Json one = {{"class", k}, {"name", class_names.at(k)}, {"voxels", check.classes[k].voxels}};
    for (const auto& [role, cases] : check.classes[k].cases) one["cases"][role_name(role)] = cases;
    classes.push_back(std::move(one));
  }
  return {{"classes", classes}, {"warnings", check.warnings}, {"errors", check.errors}};
}

}  // namespace tss
