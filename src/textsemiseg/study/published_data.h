// Whether a prepared dataset is the one that a plan's published figures were made on.
#pragma once

#include <string>
#include <vector>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/study/table_plan.h"

namespace tss {

// One sentence for each of classes, preparation and split in which they differ; empty: the figures may stand beside runs on these data.
// Validation cases may be set aside from the published unlabelled ones, where the publication has none. origin: of the plan, for split
// files with a relative path. Throws InputError on a split file that cannot be read.
std::vector<std::string> differences_from_published(const PlanDataset& published, const std::string& origin,
                                                    const DatasetRecord& record, const Split& split);

// data_setting.h of a prepared dataset.
Json data_setting_of(const DatasetRecord& record, const Split& split);

}  // namespace tss
