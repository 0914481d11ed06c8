// All scores of one class of one case, and the rule for empty masks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "textsemiseg/volume/volume.h"

namespace tss {

// What an empty mask scores. Where both masks have voxels the three agree.
//
//                      prediction empty         reference empty          both empty
//   kUndefined         overlap 0, distances -   overlap 0, distances -   all undefined
//   kZeros             all 0                    all 0                    all 0
//   kZerosHundreds     overlap 0, distances 100, in all three
//
// kZeros: test programs of UA-MT, DTC, MC-Net, MCF and BCP (an empty prediction looks perfect in the distance columns);
// kZerosHundreds: those of Text-SemiSeg. Both stop with an error on an empty reference alone; here it scores the same.
enum class EmptyRule { kUndefined, kZeros, kZerosHundreds };
const char* empty_rule_name(EmptyRule rule);              // "undefined", "zeros", "zeros_hundreds"
EmptyRule empty_rule_from_name(const std::string& name);  // throws InputError with the names known

using Score = std::optional<double>;  // empty: undefined

// Distances without suffix in mm, with suffix in voxels (unit spacing); HD95 and ASSD as surface_distance.h says.
struct ClassScore {
  int label = 0;
  int64_t prediction_voxels = 0, reference_voxels = 0;
  Score dice, jaccard, precision, recall;
  Score hd, hd95, asd, assd;
  Score hd_voxels, hd95_voxels, asd_voxels, assd_voxels;
};

// One place for the names and order of the scores in every table and file.
struct ScoreField {
  const char* name;
  Score ClassScore::* value;
  bool distance;
};
const std::vector<ScoreField>& score_fields();

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
