// NIfTI files whose qform and sform differ, and files that were saved from them by a program that takes the other one.
#pragma once

#include <optional>
#include <string>

#include "textsemiseg/io/scan.h"

namespace tss {

// Where `file` lies on another grid than `image` by the affines that are used, but on the same by one that is not (the image's or its
// own): its geometry as it has to be for the affine of the image that is used. Else nullopt.
std::optional<Geometry> placed_by_other_affine(const Scan& image, const Scan& file);
// What a message says then: "; it lies on the grid of the other affine of ..."; else "".
std::string told_other_affine(const Scan& image, const Scan& file);

}  // namespace tss
