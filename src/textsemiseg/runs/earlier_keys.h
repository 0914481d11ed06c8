// Keys that a run's configuration may lack because they came later, and what the program did before it knew them.
#pragma once

#include "textsemiseg/base/config.h"

namespace tss {

// config: of a run (config.toml), which holds every key that its version knew. Adds those that change the arithmetic and came later, with
// the values under which the run was made, so that it goes on as it began and counts as other than a run of today's defaults.
void add_earlier_keys(Json& config);

}  // namespace tss
