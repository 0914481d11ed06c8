// Do labels lie where the image shows something? Files without geometry (HDF5, NPY), and headers that were lost on the way, let a
// mirrored label pass every comparison of grids; the image itself tells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/checks/finding.h"

namespace tss {

// The mean absolute difference of intensity across the faces between foreground and background, for the label as it is and mirrored
// along every combination of axes (bit i of the index: axis i), each divided by the first. Above 1: the image has more of an edge where
// the mirrored label has its border. mask: non-zero in the foreground, on the image's grid. All 1 where there is no border or no contrast.
LabelFit label_fit(const Image& image, const std::vector<uint8_t>& mask);

// One mirror that fits better in three quarters of the cases: an error, the labels are mirrored. A case that is fitted by a mirror far
// better than the others are: a warning.
void judge_label_fit(const std::vector<CaseFacts>& cases, std::vector<Finding>& findings);

}  // namespace tss
