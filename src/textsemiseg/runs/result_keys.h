// Which keys of a run's configuration change what comes out, and which only where, how fast or how verbosely it is made.
#pragma once

#include <string>

#include "textsemiseg/base/config.h"

namespace tss {

// dotted: "train.log_every". True for what may differ between the parts of a run that was resumed, and between the machines of a study.
// (Threads and devices round differently: to the last bit results are equal on one kind of device with one number of threads.)
bool may_change_on_the_way(const std::string& dotted);

// For two runs that have begun (config.toml): the same, and the time budget.
bool leaves_result_alone(const std::string& dotted);

// A configuration without the keys that may change on the way, or one section of it (section: its dotted name). Sections that had
// nothing else vanish.
Json deciding_settings(const Json& tree, const std::string& section = "");

}  // namespace tss
