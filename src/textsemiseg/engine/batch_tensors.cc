#include "textsemiseg/engine/batch_tensors.h"

#include <algorithm>
#include <cmath>

#include "textsemiseg/base/error.h"

namespace tss {

Batch to_tensors(const std::shared_ptr<PatchBatch>& patches, torch::Device device) {
  const Size3& p = patches->patch;
  const auto images = [&](std::vector<float>& voxels, int64_t samples) {
    return torch::from_blob(
               voxels.data(), {samples, patches->channels, p[0], p[1], p[2]}, [patches](void*) {}, torch::kFloat32)
        .to(device);
  };
  Batch batch;
  batch.image = images(patches->image, patches->labelled + patches->unlabelled);
  if (!patches->weak.empty()) batch.weak = images(patches->weak, patches->unlabelled);
  batch.label =
      torch::from_blob(patches->label.data(), {patches->labelled, p[0], p[1], p[2]}, torch::kUInt8).to(device).to(torch::kInt64);
  batch.groups = patches->groups;
  return batch;
}

void require_finite(const PatchBatch& patches) {
  const size_t one = patches.image.size() / std::max<size_t>(1, patches.ids.size());
  for (size_t i = 0; i < patches.image.size(); ++i) {
    if (!std::isfinite(patches.image[i]))
      throw InputError("case '" + patches.ids[i / one] + "'", "its prepared image holds NaN or infinite values",
                       "finite ones: textsemiseg check --dataset finds such cases, and prepare makes them anew");
  }
}

}  // namespace tss
