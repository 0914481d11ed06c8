// What a score of one class of one case can be computed from.
#pragma once

#include <optional>

#include "textsemiseg/metrics/overlap.h"
#include "textsemiseg/metrics/surface_distance.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// Both maps have voxels of the class. Distances are computed when they are first asked for, once for all scores of the class.
class ScoredClass {
 public:
  // All must outlive this; counts: of this label (count_classes).
  ScoredClass(const LabelMap& prediction, const LabelMap& reference, int label, const ClassCounts& counts);

  const LabelMap& prediction() const { return prediction_; }
  const LabelMap& reference() const { return reference_; }
  int label() const { return label_; }
  const ClassCounts& counts() const { return counts_; }
  const SurfaceDistances& in_mm() const;  // by the spacing of the reference
  const SurfaceDistances& in_voxels() const;

 private:
  const SurfacePair& surfaces() const;

  const LabelMap& prediction_;
  const LabelMap& reference_;
  int label_;
  const ClassCounts& counts_;
  mutable std::optional<SurfacePair> surfaces_;
  mutable std::optional<SurfaceDistances> mm_, voxels_;
};

}  // namespace tss
