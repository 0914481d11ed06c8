#include "textsemiseg/checks/explain.h"

#include <algorithm>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/dataset/case_reader.h"

namespace tss {
namespace {

const SourceCase& case_of(const DatasetRecord& record, const std::string& id) {
  std::vector<std::string> ids;
  for (const SourceCase& item : record.cases) {
    if (item.id == id) return item;
    ids.push_back(item.id);
  }
  throw InputError(record.source.string(), "has no case '" + id + "'" + did_you_mean(id, ids),
                   concat("one of its ", ids.size(), " cases, e.g. ", ids.empty() ? "" : ids.front()));
}

ExplainedStep measured(std::string step, std::string description, const CaseArrays& one, size_t classes) {
  ExplainedStep out;
  out.step = std::move(step);
  out.description = std::move(description);
  out.geometry = one.geometry();
  for (const Image& channel : one.channels) out.channels.push_back(measure(channel));
  if (one.label) {
    out.class_voxels.assign(classes, 0);
    for (const uint8_t value : one.label->voxels) ++out.class_voxels.at(value);
  }
  return out;
}

}  // namespace

std::vector<ExplainedStep> explain_case(const DatasetRecord& record, const std::string& id,
                                        const std::function<void(const ExplainedStep&, const CaseArrays&)>& visit) {
  const size_t classes = record.class_names.size();
  const SourceCase& item = case_of(record, id);
  CaseArrays one = read_case(item, record.labels_of(item), record.class_names);
  std::vector<ExplainedStep> steps;
  const auto add = [&](const std::string& kind, const std::string& description, const CaseArrays& now, bool fell_back) {
    steps.push_back(measured(kind, description, now, classes));
    steps.back().fell_back = fell_back;
    if (visit) visit(steps.back(), now);
  };
  const LabelTable& labels_of_case = record.labels_of(item);
  const std::string labels =
      labels_of_case.is_identity() ? "" : "labels by the label map " + label_rules_to_json(labels_of_case.rules).dump();
  add("as stored", labels, one, false);
  bool fell_back = false;
  apply_recipe(record.recipe, std::move(one), [&](const Step& step, const CaseArrays& now) {
    const bool new_fall = now.crop_fell_back && !fell_back;
    fell_back = now.crop_fell_back;
    add(step_kind(step), std::visit([](const auto& s) { return s.describe(); }, step), now, new_fall);
  });
  return steps;
}

}  // namespace tss
