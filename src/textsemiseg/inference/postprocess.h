// What may be done to a finished label map.
#pragma once

#include <cstdint>

#include "textsemiseg/volume/volume.h"

namespace tss {

struct PostprocessOptions {
  bool keep_largest = false;  // only the largest component of each class
  int64_t min_component = 0;  // components of a class with fewer voxels are removed; 0 and 1: none
  int64_t connectivity = 26;  // 6, 18 or 26 neighbours

  template <class V>
  void visit(V& v) {
    v("keep_largest", keep_largest);
    v("min_component", min_component);
    v("connectivity", connectivity);
  }
  void check() const;  // throws InputError naming the field
};

// Removed voxels become background; each class is looked at on its own.
void postprocess(LabelMap& labels, const PostprocessOptions& options);

}  // namespace tss
