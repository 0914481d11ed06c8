#include "textsemiseg/metrics/scored_class.h"

namespace tss {

ScoredClass::ScoredClass(const LabelMap& prediction, const LabelMap& reference, int label, const ClassCounts& counts)
    : prediction_(prediction), reference_(reference), label_(label), counts_(counts) {}

const SurfacePair& ScoredClass::surfaces() const {
  if (!surfaces_)
    surfaces_.emplace(prediction_.voxels.data(), reference_.voxels.data(), reference_.size(), static_cast<uint8_t>(label_),
                      counts_.box);
  return *surfaces_;
}

const SurfaceDistances& ScoredClass::in_voxels() const {
  if (!voxels_) voxels_ = surfaces().distances({1, 1, 1});
  return *voxels_;
}

const SurfaceDistances& ScoredClass::in_mm() const {
  if (mm_) return *mm_;
  const Vector3& spacing = reference_.geometry.spacing;
  if (spacing[0] == spacing[1] && spacing[1] == spacing[2]) {
    mm_ = in_voxels();
    mm_->scale(spacing[0]);
  } else {
    mm_ = surfaces().distances(spacing);
  }
  return *mm_;
}

}  // namespace tss
