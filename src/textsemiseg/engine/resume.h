// What a run that goes on takes from its folder, and what may be another.
#pragma once

#include <filesystem>
#include <string>

#include "textsemiseg/engine/run_config.h"

namespace tss {

// The configuration of a run that goes on: what the run began with, and over it what was given. The data set is looked for where the run
// found it, then where its config.toml says. Throws InputError where the folder holds no run.
RunConfig config_of_begun_run(const std::filesystem::path& run, const Json& given, const std::string& source);

// given: what the run is to go on with; all of it must be what the run began with, but for the place of the data set, what
// runs/result_keys.h lists, and the iterations that a time budget fixed. longer: given.train.iterations is the new number in all, and the
// one before is added to train.lengthened.
// Throws InputError naming the first key that differs with both values; a number of iterations that is not more.
RunConfig config_to_go_on(const std::filesystem::path& run, RunConfig given, bool longer);

// What becomes of the learning rate, for people.
std::string lengthening_line(const RunConfig& config, int64_t iteration);

}  // namespace tss
