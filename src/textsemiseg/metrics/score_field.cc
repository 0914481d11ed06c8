#include "textsemiseg/metrics/score_field.h"

#include <utility>
#include <vector>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"

namespace tss {
namespace {

constexpr EmptyRule kRules[] = {EmptyRule::kUndefined, EmptyRule::kZeros, EmptyRule::kZerosHundreds};

ScoreField overlap(const char* name, const char* title, double (*of_counts)(const ClassCounts&)) {
  ScoreField field{.name = name, .title = title, .unit = "fraction"};
  field.compute = [of_counts](const ScoredClass& scored) { return of_counts(scored.counts()); };
  return field;
}

ScoreField distance(const char* name, const char* title, double (*of_distances)(const SurfaceDistances&), bool voxels = false) {
  ScoreField field{.name = concat(name, voxels ? "_voxels" : ""),
                   .title = title,
                   .unit = voxels ? "voxels" : "mm",
                   .larger_is_better = false,
                   .empty = kEmptyDistance,
                   .from_surfaces = true};
  field.compute = [=](const ScoredClass& scored) { return of_distances(voxels ? scored.in_voxels() : scored.in_mm()); };
  return field;
}

ScoreField in_table(ScoreField field) {
  field.in_table = true;
  return field;
}

ScoreField compared(ScoreField field, const char* on_prepared_grid = "") {
  field.compared = true;
  field.on_prepared_grid = on_prepared_grid;
  return in_table(std::move(field));
}

double hd95(const SurfaceDistances& d) { return hausdorff_percentile(d, 95); }

std::deque<ScoreField>& score_list() {
  constexpr auto asd = average_surface_distance, assd = average_symmetric_surface_distance;
  static std::deque<ScoreField> fields = {
      compared(overlap("dice", "Dice", dice)),
      compared(overlap("jaccard", "Jaccard", jaccard)),
      overlap("precision", "Precision", precision),
      overlap("recall", "Recall", recall),
      compared(distance("hd95", "HD95", hd95), "hd95_voxels"),
      compared(distance("asd", "ASD", asd), "asd_voxels"),
      in_table(distance("assd", "ASSD", assd)),
      distance("hd", "HD", hausdorff),
      distance("hd95", "HD95", hd95, true),
      distance("asd", "ASD", asd, true),
      distance("assd", "ASSD", assd, true),
      distance("hd", "HD", hausdorff, true),
  };
  return fields;
}

const ScoreField* find_field(const std::string& name) {
  for (const ScoreField& field : score_list()) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace

const char* empty_rule_name(EmptyRule rule) {
  switch (rule) {
    case EmptyRule::kZeros:
      return "zeros";
    case EmptyRule::kZerosHundreds:
      return "zeros_hundreds";
    case EmptyRule::kUndefined:
      break;
  }
  return "undefined";
}

EmptyRule empty_rule_from_name(const std::string& name) {
  for (const EmptyRule rule : kRules) {
    if (name == empty_rule_name(rule)) return rule;
  }
  throw InputError("empty-mask rule", "found '" + name + "'", "undefined, zeros or zeros_hundreds");
}

Score EmptyScores::of(EmptyRule rule, bool both_empty) const {
  switch (rule) {
    case EmptyRule::kZeros:
      return 0.0;
    case EmptyRule::kZerosHundreds:
      return hundreds;
    case EmptyRule::kUndefined:
      break;
  }
  return both_empty ? Score() : one_empty;
}

const std::deque<ScoreField>& score_fields() { return score_list(); }

const ScoreField& score_field(const std::string& name) {
  if (const ScoreField* found = find_field(name)) return *found;
  std::vector<std::string> names;
  for (const ScoreField& field : score_list()) names.push_back(field.name);
  throw InputError("score", "found '" + name + "'" + did_you_mean(name, names), "one of " + join(names, ", "));
}

void add_metric(ScoreField field) {
  if (find_field(field.name)) throw Error("there is a score '" + field.name + "' already");
  score_list().push_back(std::move(field));
}

}  // namespace tss
