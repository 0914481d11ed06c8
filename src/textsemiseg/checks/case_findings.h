// One case of a source folder read as a whole and looked through.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/checks/finding.h"
#include "textsemiseg/source/label_table.h"
#include "textsemiseg/source/source.h"

namespace tss {

// Grids that differ only as rounded headers do: equal sizes, no corner farther apart than a tenth of a voxel.
bool differs_by_rounding(const Geometry& a, const Geometry& b);

// Reads image and label of a case, measures them, and adds what is wrong with it to `findings`. Errors of reading become findings.
// table: which class each label value is; names: of the classes, empty where nobody has named them (then every value is its own class).
CaseFacts inspect_case(const SourceCase& item, const LabelTable& table, const std::vector<std::string>& names,
                       std::vector<Finding>& findings);

// The same for intensities alone: non-finite voxels, constant channels, a channel that repeats another.
void judge_channels(const CaseFacts& facts, const std::vector<std::string>& names, std::vector<Finding>& findings);

// Channel `channel` of a case, as stored.
Image read_channel(const SourceCase& item, size_t channel);
// A label with whatever values it holds.
Image read_raw_label(const SourceCase& item);

}  // namespace tss
