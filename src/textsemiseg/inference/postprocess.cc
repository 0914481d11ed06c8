#include "textsemiseg/inference/postprocess.h"

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/metrics/components.h"

namespace tss {

void PostprocessOptions::check() const {
  if (min_component < 0) throw InputError("postprocess.min_component", concat("found ", min_component), "0 or more voxels");
  if (connectivity != 6 && connectivity != 18 && connectivity != 26) {
    throw InputError("postprocess.connectivity", concat("found ", connectivity), "6, 18 or 26");
  }
}

void postprocess(LabelMap& labels, const PostprocessOptions& options) {
  options.check();
  const int connectivity = static_cast<int>(options.connectivity);
  if (options.min_component > 1) {
    remove_small_components(labels.voxels.data(), labels.size(), connectivity, options.min_component);
  }
  if (options.keep_largest) keep_largest_component_per_class(labels.voxels.data(), labels.size(), connectivity);
}

}  // namespace tss
