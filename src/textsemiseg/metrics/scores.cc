#include "textsemiseg/metrics/scores.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/metrics/overlap.h"

namespace tss {
namespace {

void apply_empty_rule(EmptyRule rule, bool both_empty, ClassScore& score) {
  for (const ScoreField& field : score_fields()) score.set(field.name, field.empty.of(rule, both_empty));
}

ClassScore score_one(const LabelMap& prediction, const LabelMap& reference, int label, const ClassCounts& counts,
                     const ScoreOptions& options) {
  ClassScore score;
  score.label = label;
  score.prediction_voxels = counts.prediction;
  score.reference_voxels = counts.reference;
  if (counts.prediction == 0 || counts.reference == 0) {
    apply_empty_rule(options.empty, counts.prediction + counts.reference == 0, score);
    return score;
  }
  const ScoredClass scored(prediction, reference, label, counts);
  for (const ScoreField& field : score_fields()) {
    if (options.distances || !field.from_surfaces) score.set(field.name, field.compute(scored));
  }
  return score;
}

std::vector<ClassCounts> counts_of(const LabelMap& prediction, const LabelMap& reference) {
  if (prediction.size() != reference.size()) throw Error("label maps of different sizes cannot be compared");
  return count_classes(prediction.voxels.data(), reference.voxels.data(), reference.size());
}

}  // namespace

Score ClassScore::operator[](const std::string& name) const {
  const auto found = values_.find(score_field(name).name);
  return found == values_.end() ? Score() : Score(found->second);
}

void ClassScore::set(const std::string& name, Score value) {
  if (value)
    values_[score_field(name).name] = *value;
  else
    values_.erase(score_field(name).name);
}

std::vector<ClassScore> score_classes(const LabelMap& prediction, const LabelMap& reference, const std::vector<int>& labels,
                                      const ScoreOptions& options) {
  const std::vector<ClassCounts> counts = counts_of(prediction, reference);
  std::vector<ClassScore> scores;
  for (const int label : labels) {
    scores.push_back(score_one(prediction, reference, label, counts.at(static_cast<size_t>(label)), options));
  }
  return scores;
}

std::vector<ClassScore> score_present_classes(const LabelMap& prediction, const LabelMap& reference,
                                              const ScoreOptions& options) {
  const std::vector<ClassCounts> counts = counts_of(prediction, reference);
  std::vector<ClassScore> scores;
  for (int label = 1; label < 256; ++label) {
    const ClassCounts& c = counts[static_cast<size_t>(label)];
    if (!c.box.empty()) scores.push_back(score_one(prediction, reference, label, c, options));
  }
  return scores;
}

ClassScore score_of_absent_class(int label, EmptyRule rule) {
  ClassScore score;
  score.label = label;
  apply_empty_rule(rule, true, score);
  return score;
}

}  // namespace tss
