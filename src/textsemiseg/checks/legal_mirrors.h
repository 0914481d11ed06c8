// Along which axes scans may be mirrored in training without making a class a wrong one: a mirrored left kidney is a right kidney.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tss {

struct LegalMirrors {
  std::vector<int64_t> axes;         // of 0 left-right, 1 back-front, 2 bottom-top
  std::vector<std::string> reasons;  // why the others are left out, a phrase each
};

// class_names: background first. An axis is left out where a class is named after a side of it ("left kidney", "Anterior", "lung_upper").
// known_axes: whether the arrays' axes are the body's; where they are not, one such name forbids every axis.
LegalMirrors legal_mirrors(const std::vector<std::string>& class_names, bool known_axes);

}  // namespace tss
