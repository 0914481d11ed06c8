// What the scans of a training were like, kept in run.json, so that prediction can say when a scan is of another kind: its voxels, its size
// in millimetres, and its intensities as the network sees them.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"

namespace tss {

// {"cases": 60, "spacing": [[low x 3], [high x 3]], "extent": [[mm x 3], [mm x 3]], "intensity": [[[low, high] of the 5, 50 and 95 %] of each
// channel]}. Spacing and extent are of the scans as they came, along the array axes that the recipe brings them to; they are absent where
// the files are gone or carry no geometry. Intensities are of the prepared arrays. At most 64 labelled and unlabelled cases, evenly; no label
// is opened.
Json training_facts(const Dataset& dataset);

// Of a scan to predict: what lies outside of these facts, a phrase each ("slices 5.00 mm apart bottom to top; in training 0.70 to 1.20").
// Half as much again, in either direction, is no remark. grid: as stored. prepared: [C, X, Y, Z]; undefined: its intensities are not
// looked at. facts: null in runs of earlier versions; nothing is said then.
std::vector<std::string> unlike_training(const Json& facts, const Geometry& grid, bool has_geometry, bool reorients,
                                         const torch::Tensor& prepared);

}  // namespace tss
