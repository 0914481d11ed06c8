// Scores of label maps on disk.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/runs/scores.h"
#include "textsemiseg/workflows/scan_files.h"

namespace tss {

// "background,liver,tumour"; empty: none. Throws UsageError on a name given twice and where there are less than two.
std::vector<std::string> class_name_list(const std::string& text);

// Scores of one case. With class names (background first) all their classes, otherwise the labels that occur in either map.
// Throws InputError naming both files and the field when the grids lie farther apart than grid_tolerance (voxels), and the file on a label
// outside the classes.
CaseScores score_maps(const FilePair& files, const LabelMap& prediction, const LabelMap& reference,
                      const std::vector<std::string>& class_names, const ScoreOptions& options,
                      double grid_tolerance = kGridTolerance);

// All pairs, with progress; every case of the result has every class.
ScoreSet score_pairs(const std::vector<FilePair>& pairs, const std::vector<std::string>& class_names, const ScoreOptions& options,
                     double grid_tolerance = kGridTolerance);

}  // namespace tss
