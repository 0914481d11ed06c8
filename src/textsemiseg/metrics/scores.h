// All scores of one class of one case.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "textsemiseg/metrics/score_field.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// Distances without suffix in mm, with suffix in voxels (unit spacing); HD95 and ASSD as surface_distance.h says.
struct ClassScore {
  int label = 0;
  int64_t prediction_voxels = 0, reference_voxels = 0;

  // By the name of its field; throws InputError where no score has that name.
  Score operator[](const std::string& name) const;
  void set(const std::string& name, Score value);

 private:
  std::map<std::string, double> values_;  // without those that are undefined
};

struct ScoreOptions {
  EmptyRule empty = EmptyRule::kUndefined;
  bool distances = true;  // false: overlap only
};

// Scores of the given labels, in that order; the maps are scanned once whatever their number. The grids must agree: throws Error
// when the sizes differ (callers name their files with grid_difference first). mm come from the reference's spacing.
std::vector<ClassScore> score_classes(const LabelMap& prediction, const LabelMap& reference, const std::vector<int>& labels,
                                      const ScoreOptions& options = {});
// The same for every label above 0 that occurs in either map, ascending.
std::vector<ClassScore> score_present_classes(const LabelMap& prediction, const LabelMap& reference,
                                              const ScoreOptions& options = {});
// What a class scores that occurs in neither map.
ClassScore score_of_absent_class(int label, EmptyRule rule);

}  // namespace tss
