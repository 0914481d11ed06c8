// What a run's data were: by this the figures of a publication are kept away from runs on other data.
#pragma once

#include <string>

#include "textsemiseg/base/config.h"
#include "textsemiseg/runs/run_record.h"

namespace tss {

// {"dataset", "classes", "recipe": steps, "cases": hash of the ids of each role, whatever their order}. recipe: as dataset.json and run.json
// hold it; cases: {"labelled": [ids], ...}.
Json data_setting(const std::string& dataset, const Json& classes, const Json& recipe, const Json& cases);
// Of run.json; null where it lacks a part, as those of earlier versions lack the ids.
Json data_setting_of_run(const RunRecord& record);

}  // namespace tss
