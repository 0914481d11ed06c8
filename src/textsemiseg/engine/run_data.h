// The data set that a run was trained on, opened again: no case may have changed sides since.
#pragma once

#include <string>

#include "textsemiseg/dataset/dataset.h"
#include "textsemiseg/engine/run.h"

namespace tss {

// {"labelled": [ids], "unlabelled": [...], ...}, as run.json keeps it.
Json cases_of(const Split& split);

// Throws InputError where a labelled case has a label that does not tell all classes apart and the method's loss cannot take it.
void require_takes_labels(const std::string& method, const Dataset& dataset);

// For resuming. Throws InputError naming what differs from the data set the run began with: classes, recipe, cases of a role.
void require_unchanged(const RunRecord& record, const Dataset& dataset);

// folder and split: empty for the run's own. Throws InputError: other classes, no case with the role, or a case with the role that had
// another one when the run was trained (it may have been learnt from). Of another folder under the same name that is a warning.
Dataset open_data_of_run(const LoadedRun& run, const std::string& folder, const std::string& split, Role role);

// Whether the cases of a role are those of the data set and the split (as given, empty: none) that the run was trained on; a data
// set that has moved counts.
bool is_data_of_run(const LoadedRun& run, const Dataset& dataset, const std::string& split, Role role);

}  // namespace tss
