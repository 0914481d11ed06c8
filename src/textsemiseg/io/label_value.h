// What counts as a label, whatever the stored type.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "textsemiseg/base/error.h"
#include "textsemiseg/base/strings.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// Throws InputError with `subject` on what is no integer from 0 to 255.
inline uint8_t label_value(double v, const std::string& subject) {
  if (!(v >= 0 && v <= 255 && v == std::floor(v)))
    throw InputError(subject, concat("has the label value ", v), "integers from 0 to 255");
  return static_cast<uint8_t>(v);
}

inline LabelMap labels_of(const Image& image, const std::string& subject) {
  LabelMap out(image.geometry);
  for (size_t i = 0; i < out.voxels.size(); ++i) out.voxels[i] = label_value(image.voxels[i], subject);
  return out;
}

}  // namespace tss
