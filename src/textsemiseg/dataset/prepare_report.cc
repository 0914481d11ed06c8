#include "textsemiseg/dataset/prepare_report.h"

#include <algorithm>
#include <set>

#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr size_t kFewestValidation = 3;

std::string number_of(size_t count, const std::string& what) { return concat(count, " ", what, count == 1 ? "" : "s"); }

}  // namespace

std::string unused_labels_line(const DatasetRecord& record, const Split& split, const SplitOptions& options, bool kept) {
  std::set<std::string> with_role;
  for (const auto& [role, ids] : split.roles) with_role.insert(ids.begin(), ids.end());
  const auto& unlabelled = split.cases(Role::kUnlabelled);
  size_t as_unlabelled = 0, without_role = 0;
  for (const SourceCase& item : record.cases) {
    if (item.label.empty()) continue;
    as_unlabelled += std::find(unlabelled.begin(), unlabelled.end(), item.id) != unlabelled.end();
    without_role += !with_role.contains(item.id);
  }
  std::vector<std::string> parts;
  if (as_unlabelled > 0) {
    const std::string why = kept                        ? "split.json says so"
                            : !options.labelled.empty() ? "--labelled " + options.labelled
                            : options.any_given()       ? "the split says so"
                                                  : "10 % of the training cases are labelled unless --labelled N says otherwise";
    parts.push_back(number_of(as_unlabelled, "label") + (as_unlabelled == 1 ? ", whose case plays" : ", whose cases play") +
                    " unlabelled (" + why + ")");
  }
  if (without_role > 0) parts.push_back(number_of(without_role, "label") + " of cases without a role in the split");
  return parts.empty() ? "" : "left unused: " + join(parts, "; ");
}

std::string few_validation_warning(const Split& split, const PrepareOptions& options, bool kept) {
  const size_t count = split.cases(Role::kValidation).size();
  const bool asked = kept || !options.split_file.empty() || options.split.lists_given() || options.split.validation == "0";
  if (count >= kFewestValidation || (count == 0 && asked)) return "";
  if (count == 0) return "no case is left for validation: no checkpoint can be chosen by its score (--validation 3)";
  return number_of(count, "validation case") +
         ": a checkpoint chosen by so few scores is chosen by chance (--validation 3 or more)";
}

std::string merged_validation_warning(const DatasetRecord& record, const Split& split) {
  if (record.sources.empty()) return "";
  std::set<std::string> merged, names;
  for (const SourceCase& item : record.cases)
    if (!record.groups_of(item).tells_all_apart()) merged.insert(item.id);
  size_t count = 0;
  for (const Role role : {Role::kValidation, Role::kTest}) {
    for (const std::string& id : split.cases(role)) count += merged.contains(id);
  }
  if (count == 0) return "";
  for (const SourceRecord& source : record.sources)
    if (!source.groups.tells_all_apart()) names.insert(source.name);
  return concat(number_of(count, "validation or test case"), count == 1 ? " has a label that does" : " have labels that do",
                " not tell all classes apart (sources ", join(std::vector<std::string>(names.begin(), names.end()), ", "),
                "): scored only on the classes that it does; cases of a source with all classes are the better test");
}

std::string padded_line(std::vector<std::string> padded) {
  if (padded.empty()) return "";
  std::sort(padded.begin(), padded.end());
  return concat(number_of(padded.size(), "label"), padded.size() == 1 ? " covers" : " cover",
                " only a part of the image's voxels, and background is added around ", padded.size() == 1 ? "it" : "them", " (",
                padded.front(), padded.size() > 1 ? ", ..." : "", ")");
}

}  // namespace tss
