#include "textsemiseg/metrics/scores.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/metrics/surface_distance.h"

namespace tss {
namespace {

constexpr EmptyRule kRules[] = {EmptyRule::kUndefined, EmptyRule::kZeros, EmptyRule::kZerosHundreds};

void apply_empty_rule(EmptyRule rule, bool both_empty, ClassScore& score) {
  for (const ScoreField& field : score_fields()) {
    Score& value = score.*field.value;
    switch (rule) {
      case EmptyRule::kUndefined:
        value = both_empty || field.distance ? Score{} : Score{0.0};
        break;
      case EmptyRule::kZeros:
        value = 0.0;
        break;
      case EmptyRule::kZerosHundreds:
        value = field.distance ? 100.0 : 0.0;
        break;
    }
  }
}

void set_distances(const SurfaceDistances& d, Score& hd, Score& hd95, Score& asd, Score& assd) {
  hd = hausdorff(d);
  hd95 = hausdorff_percentile(d, 95);
  asd = average_surface_distance(d);
  assd = average_symmetric_surface_distance(d);
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
  score.dice = dice(counts);
  score.jaccard = jaccard(counts);
  score.precision = precision(counts);
  score.recall = recall(counts);
  if (!options.distances) return score;
  const SurfacePair surfaces(prediction.voxels.data(), reference.voxels.data(), reference.size(), static_cast<uint8_t>(label),
                             counts.box);
  SurfaceDistances distances = surfaces.distances({1, 1, 1});
  set_distances(distances, score.hd_voxels, score.hd95_voxels, score.asd_voxels, score.assd_voxels);
  const Vector3& mm = reference.geometry.spacing;
  if (mm[0] == mm[1] && mm[1] == mm[2]) {
    distances.scale(mm[0]);
  } else {
    distances = surfaces.distances(mm);
  }
  set_distances(distances, score.hd, score.hd95, score.asd, score.assd);
  return score;
}

std::vector<ClassCounts> counts_of(const LabelMap& prediction, const LabelMap& reference) {
  if (prediction.size() != reference.size()) throw Error("label maps of different sizes cannot be compared");
  return count_classes(prediction.voxels.data(), reference.voxels.data(), reference.size());
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

const std::vector<ScoreField>& score_fields() {
  static const std::vector<ScoreField> fields = {
      {"dice", &ClassScore::dice, false},
      {"jaccard", &ClassScore::jaccard, false},
      {"precision", &ClassScore::precision, false},
      {"recall", &ClassScore::recall, false},
      {"hd95", &ClassScore::hd95, true},
      {"asd", &ClassScore::asd, true},
      {"assd", &ClassScore::assd, true},
      {"hd", &ClassScore::hd, true},
      {"hd95_voxels", &ClassScore::hd95_voxels, true},
      {"asd_voxels", &ClassScore::asd_voxels, true},
      {"assd_voxels", &ClassScore::assd_voxels, true},
      {"hd_voxels", &ClassScore::hd_voxels, true},
  };
  return fields;
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
