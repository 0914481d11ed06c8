// The list of scores: everything that files, tables and tests know of a score stands in its entry here.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "textsemiseg/metrics/scored_class.h"

namespace tss {

using Score = std::optional<double>;  // empty: undefined

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

// What one score is where a mask is empty, by rule.
struct EmptyScores {
  Score one_empty;      // kUndefined, where one of the masks has voxels
  double hundreds = 0;  // kZerosHundreds

  Score of(EmptyRule rule, bool both_empty) const;
};
inline constexpr EmptyScores kEmptyOverlap{0.0, 0}, kEmptyDistance{std::nullopt, 100};

struct ScoreField {
  std::string name;        // of columns and keys: "hd95"
  std::string title = {};  // of tables: "HD95"
  std::string unit = {};   // "fraction", "mm", "voxels", or any other
  int digits = 2;          // behind the point in tables: of a fraction in percent, with one more where it is not
  bool larger_is_better = true;
  EmptyScores empty = kEmptyOverlap;
  bool from_surfaces = false;  // a distance, slow to compute: left out where distances are not asked for
  std::function<Score(const ScoredClass&)> compute = {};  // both masks have voxels
  bool in_table = false;                                  // of evaluate
  bool compared = false;                                  // by compare and report
  std::string on_prepared_grid = {};  // the score that stands in its place there, where papers print voxels; empty: itself

  bool is_fraction() const { return unit == "fraction"; }
};

// In the order of tables and files. References stay valid.
const std::deque<ScoreField>& score_fields();
// Throws InputError with the names known.
const ScoreField& score_field(const std::string& name);
// One more, for programs with a score of their own (docs/evaluate.md): before anything is scored or read, from one thread. Throws Error
// when the name is taken.
void add_metric(ScoreField field);

}  // namespace tss
