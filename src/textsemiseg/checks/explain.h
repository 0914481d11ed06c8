// What a recipe does to one case, step by step, in numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "textsemiseg/checks/case_facts.h"
#include "textsemiseg/dataset/dataset.h"

namespace tss {

struct ExplainedStep {
  std::string step;         // "as stored", then the kind of each step
  std::string description;  // of its parameters
  Geometry geometry;        // of what it left
  std::vector<ChannelFacts> channels;
  std::vector<int64_t> class_voxels;  // empty without label
  bool fell_back = false;             // a crop around the label that found none
};

// visit: called with what each step left, the case as stored first. Throws InputError for an unknown id, with the nearest known one, and
// whatever read_case() throws.
std::vector<ExplainedStep> explain_case(const DatasetRecord& record, const std::string& id,
                                        const std::function<void(const ExplainedStep&, const CaseArrays&)>& visit = {});

}  // namespace tss
