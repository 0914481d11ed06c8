// Arrays of the caller as volumes.
#pragma once

#include <string>

#include "textsemiseg/c_interface/textsemiseg.h"
#include "textsemiseg/volume/volume.h"

namespace tss {

// affine: 4 x 4 by rows, from indices to mm, RAS+.
Geometry geometry_of(const tss_array& array, const double* affine);

// Both copy once, and throw InputError: an element type that is not known, no voxel, axes that are none (io/image_header.h). name: for
// messages.
Image image_of(const tss_array& array, const Geometry& geometry, const std::string& name);
// Throws InputError on a value that is no whole number of 0 to 255, too.
LabelMap labels_of(const tss_array& array, const Geometry& geometry, const std::string& name);

}  // namespace tss
