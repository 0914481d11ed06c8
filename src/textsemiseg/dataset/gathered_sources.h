// The source folders of a dataset and, once all names are known and agree, what dataset.json will say of them.
#pragma once

#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/dataset/prepare.h"

namespace tss {

// One, or those of options.sources in their order.
std::vector<Source> find_sources(const PrepareOptions& options);

struct GatheredRecord {
  DatasetRecord record;
  std::vector<LabelClasses> own;  // names and values of each source; of one source those of the record
};
// Ids that a source before has get the name of their source before them. Throws InputError where classes are unknown or contradict each
// other; of several sources also where a class of one is no class of the dataset and no rule says what it is.
GatheredRecord gather_record(const PrepareOptions& options, const std::vector<Source>& sources);

}  // namespace tss
