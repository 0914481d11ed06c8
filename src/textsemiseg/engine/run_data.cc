#include "textsemiseg/engine/run_data.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/log.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/methods/registry.h"

namespace tss {
namespace fs = std::filesystem;
namespace {

bool same_place(const fs::path& a, const fs::path& b) { return fs::weakly_canonical(a) == fs::weakly_canonical(b); }

// Where a case stood when the run was trained; empty: nowhere, or unknown.
std::string role_in_run(const RunRecord& record, const std::string& id) {
  if (!record.cases.is_object()) return "";
  for (const auto& [role, ids] : record.cases.items()) {
    if (std::find(ids.begin(), ids.end(), id) != ids.end()) return role;
  }
  return "";
}

void require_no_change_of_sides(const LoadedRun& run, const Dataset& dataset, Role role) {
  if (dataset.name() != run.record.dataset) return;
  for (const std::string& id : dataset.cases(role)) {
    const std::string before = role_in_run(run.record, id);
    if (before.empty() || before == role_name(role)) continue;
    const std::string found =
        concat("case '", id, "' is ", role_name(role), " now and was ", before, " when ", run.folder.string(), " was trained");
    if (same_place(dataset.folder(), run.record.dataset_folder))
      throw InputError(dataset.folder().string(), found, "the split the run was trained with (cases in its run.json)");
    log_warning(concat(dataset.folder().string(), ": ", found, "; if it is the same scan, its score means nothing"));
    return;
  }
}

}  // namespace

Json cases_of(const Split& split) {
  Json out = Json::object();
  for (const Role role : kRoles) out[role_name(role)] = split.cases(role);
  return out;
}

void require_takes_labels(const std::string& method, const Dataset& dataset) {
  if (method_info(method).partial_labels) return;
  const auto& labelled = dataset.cases(Role::kLabelled);
  const auto merged =
      std::find_if(labelled.begin(), labelled.end(), [&](const auto& id) { return !dataset.groups(id).tells_all_apart(); });
  if (merged == labelled.end()) return;
  std::vector<std::string> able;
  for (const MethodInfo& info : methods())
    if (info.partial_labels) able.push_back(info.name);
  throw InputError("method " + method,
                   concat("takes every label as one that tells all classes apart, and that of labelled case '", *merged,
                          "' (source ", dataset.source_name(*merged), ") does not"),
                   join(able, " or ") + ", or a split whose labelled cases tell all classes apart");
}

void require_unchanged(const RunRecord& record, const Dataset& dataset) {
  const std::string subject = "--resume: " + dataset.folder().string();
  const std::string expected = "the data set the run began with (or another --run)";
  if (record.class_names != dataset.class_names())
    throw InputError(
        subject,
        concat("has the classes ", join(dataset.class_names(), ", "), ", the run began with ", join(record.class_names, ", ")),
        expected);
  if (write_options(record.recipe) != write_options(dataset.recipe()))
    throw InputError(subject, "was prepared by another recipe since the run began", expected);
  if (!record.cases.is_object()) return;  // runs of earlier versions
  const Json now = cases_of(dataset.split());
  for (const auto& [role, ids] : record.cases.items()) {
    if (now.value(role, Json::array()) != ids)
      throw InputError(subject, concat("has other ", role, " cases than when the run began"), expected);
  }
}

Dataset open_data_of_run(const LoadedRun& run, const std::string& folder, const std::string& split, Role role) {
  const std::string place = folder.empty() ? run.record.dataset_folder : folder;
  Dataset dataset = Dataset::open(place, split.empty() ? run.config.split : split);
  if (dataset.class_names() != run.record.class_names) {
    throw InputError(place, "has the classes " + join(dataset.class_names(), ", "),
                     join(run.record.class_names, ", ") + ", as the run");
  }
  if (dataset.cases(role).empty())
    throw InputError(place, concat("has no case with the role '", role_name(role), "'"), "a role of split.json that has cases");
  require_no_change_of_sides(run, dataset, role);
  return dataset;
}

bool is_data_of_run(const LoadedRun& run, const Dataset& dataset, const std::string& split, Role role) {
  const RunRecord& record = run.record;
  if (record.cases.is_object() && record.cases.value(role_name(role), Json::array()) != Json(dataset.cases(role))) return false;
  if (!split.empty() && split != run.config.split && !same_place(split, run.config.split)) return false;
  if (same_place(dataset.folder(), record.dataset_folder)) return true;
  if (fs::exists(record.dataset_folder) || dataset.name() != record.dataset) return false;
  return std::all_of(std::begin(kRoles), std::end(kRoles),
                     [&](Role each) { return record.split.value(role_name(each), size_t{0}) == dataset.cases(each).size(); });
}

}  // namespace tss
